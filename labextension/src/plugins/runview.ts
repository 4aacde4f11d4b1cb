/** Opens runs in the main area, one tab each, and brings the tabs back after a reload. */

import { ILayoutRestorer, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { MainAreaWidget, Notification, WidgetTracker } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { workbenchIcon } from '../icons';
import { WorkbenchModel } from '../model';
import { CommandIDs } from '../tokens';
import { RunView } from '../widgets/runview';
import { IWorkbench } from './workbench';

const FLASH_MS = 1500;

export const runViewPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-ml-workbench:run-view',
  description: 'Opens runs in the main area.',
  autoStart: true,
  requires: [IWorkbench],
  optional: [ITranslator, ILayoutRestorer, INotebookTracker],
  activate: (
    app: JupyterFrontEnd,
    model: WorkbenchModel,
    translator: ITranslator | null,
    restorer: ILayoutRestorer | null,
    notebooks: INotebookTracker | null
  ) => {
    const trans = (translator ?? nullTranslator).load('workbench');
    const tracker = new WidgetTracker<MainAreaWidget<RunView>>({ namespace: 'workbench-runs' });
    app.commands.addCommand(CommandIDs.openRun, {
      label: trans.__('Open Run'),
      caption: trans.__('Open a run in the main area'),
      describedBy: {
        args: {
          type: 'object',
          properties: { runId: { type: 'string' }, name: { type: 'string' } },
          required: ['runId']
        }
      },
      execute: args => {
        const runId = args.runId as string;
        let tab = tracker.find(widget => widget.content.runId === runId);
        if (!tab) {
          tab = new MainAreaWidget({ content: new RunView(runId, model, app.commands, trans) });
          tab.id = `workbench-run-${runId}`;
          tab.title.label = (args.name as string) || runId.slice(0, 8);
          tab.title.icon = workbenchIcon;
          tab.title.closable = true;
          void tracker.add(tab);
        }
        if (!tab.isAttached) {
          app.shell.add(tab, 'main', { type: 'Workbench' });
        }
        app.shell.activateById(tab.id);
        return tab;
      }
    });
    if (restorer) {
      void restorer.restore(tracker, {
        command: CommandIDs.openRun,
        args: widget => ({ runId: widget.content.runId, name: widget.title.label }),
        name: widget => widget.content.runId
      });
    }
    app.commands.addCommand(CommandIDs.goToCell, {
      label: trans.__('Go to the Cell of a Run'),
      caption: trans.__('Show the notebook cell that a run came from'),
      describedBy: {
        args: {
          type: 'object',
          properties: { cellId: { type: 'string' }, notebook: { type: 'string' } },
          required: ['cellId']
        }
      },
      execute: async args => {
        const cellId = args.cellId as string;
        const panel = notebooks?.find(
          candidate => candidate.content.widgets.some(cell => cell.model.id === cellId)
        );
        if (!panel) {
          Notification.warning(
            trans.__('Cannot go to the cell: its notebook (%1) is not open, or the cell was deleted.', (args.notebook as string) || '?')
          );
          return;
        }
        app.shell.activateById(panel.id);
        const index = panel.content.widgets.findIndex(cell => cell.model.id === cellId);
        panel.content.activeCellIndex = index;
        await panel.content.scrollToItem(index, 'center');
        const node = panel.content.widgets[index].node;
        node.classList.add('wb-mod-flash');
        window.setTimeout(() => node.classList.remove('wb-mod-flash'), FLASH_MS);
      }
    });
  }
};
