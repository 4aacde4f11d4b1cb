/** Opens runs in the main area, one tab each, and brings the tabs back after a reload. */

import { ILayoutRestorer, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { CommandIDs } from '../commandids';
import { WorkbenchModel } from '../model';
import { RunView } from '../runs/runview';
import { openTab } from './opentab';
import { IWorkbench } from './workbench';

export const runViewPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-ml-workbench:run-view',
  description: 'Opens runs in the main area.',
  autoStart: true,
  requires: [IWorkbench],
  optional: [ITranslator, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    model: WorkbenchModel,
    translator: ITranslator | null,
    restorer: ILayoutRestorer | null
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
        const label = (args.name as string) || runId.slice(0, 8);
        return openTab(
          app,
          tracker,
          `workbench-run-${runId}`,
          label,
          () => new RunView(runId, model, app.commands, trans)
        );
      }
    });
    if (restorer) {
      void restorer.restore(tracker, {
        command: CommandIDs.openRun,
        args: widget => ({ runId: widget.content.runId, name: widget.title.label }),
        name: widget => widget.content.runId
      });
    }
  }
};
