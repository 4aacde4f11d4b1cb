/** Commands from a run to its cell: go there, read it, write a trial's values into it. */

import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { ParamValue } from '../api/studytypes';
import { CommandIDs } from '../commandids';
import { WorkbenchModel } from '../model';
import { IWorkbench } from './workbench';

const FLASH_MS = 1500;

export const cellsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-ml-workbench:cells',
  description: 'Goes from runs to their cells, and writes values into them.',
  autoStart: true,
  requires: [IWorkbench, INotebookTracker],
  optional: [ITranslator],
  activate: (
    app: JupyterFrontEnd,
    model: WorkbenchModel,
    notebooks: INotebookTracker,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('workbench');
    const holder = (cellId: string) =>
      notebooks.find(panel => panel.content.widgets.some(cell => cell.model.id === cellId));
    const found = (cellId: string) => holder(cellId)?.content.widgets.find(cell => cell.model.id === cellId);
    const opened = async (path: string): Promise<void> => {
      try {
        const panel = (await app.commands.execute('docmanager:open', { path, factory: 'Notebook' })) as NotebookPanel;
        await panel?.context.ready;
      } catch {
        return; // it is gone, or lies elsewhere: said below
      }
    };
    app.commands.addCommand(CommandIDs.goToCell, {
      label: trans.__('Go to Its Cell'),
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
        const notebook = (args.notebook as string) ?? '';
        if (!holder(cellId) && notebook && !notebook.startsWith('/')) {
          await opened(notebook);
        }
        const panel = holder(cellId);
        if (!panel) {
          Notification.warning(
            trans.__(
              'Cannot go to the cell: it is not in %1 any more, or that notebook is gone.',
              notebook || trans.__('any open notebook')
            )
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
    app.commands.addCommand(CommandIDs.sourceOfCell, {
      label: trans.__('Source of a Cell'),
      caption: trans.__('The text of a cell of an open notebook, null where it is not open'),
      describedBy: {
        args: { type: 'object', properties: { cellId: { type: 'string' } }, required: ['cellId'] }
      },
      execute: args => {
        const cellId = args.cellId as string;
        return found(cellId)?.model.sharedModel.getSource() ?? null;
      }
    });
    app.commands.addCommand(CommandIDs.trainWith, {
      label: trans.__('Train with These Values'),
      caption: trans.__('Write a trial’s values into the constants of its sweep’s cell, to train with them'),
      describedBy: {
        args: {
          type: 'object',
          properties: { runId: { type: 'string' }, params: { type: 'object' } },
          required: ['runId', 'params']
        }
      },
      execute: async args => {
        try {
          const run = await model.api.run(args.runId as string);
          await app.commands.execute(CommandIDs.goToCell, { cellId: run.cell_id, notebook: run.notebook });
          const shared = found(run.cell_id)?.model.sharedModel;
          if (!shared) {
            return; // going there has said why it cannot be
          }
          const { source } = await model.api.cellWithValues(
            shared.getSource(),
            args.params as Record<string, ParamValue>
          );
          shared.setSource(source);
          Notification.success(
            trans.__('The cell has these values now. Run it to train with them; undo brings the sweep back.')
          );
        } catch (error) {
          Notification.error((error as Error).message);
        }
      }
    });
  }
};
