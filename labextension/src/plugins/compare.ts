/** Opens comparisons of runs as tabs in the main area. */

import { ILayoutRestorer, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { UUID } from '@lumino/coreutils';

import { CommandIDs } from '../commandids';
import { CompareView } from '../compare/compareview';
import { WorkbenchModel } from '../model';
import { openTab } from './opentab';
import { IWorkbench } from './workbench';

export const comparePlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-ml-workbench:compare',
  description: 'Compares runs in the main area.',
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
    const tracker = new WidgetTracker<MainAreaWidget<CompareView>>({ namespace: 'workbench-comparisons' });
    app.commands.addCommand(CommandIDs.compareRuns, {
      label: trans.__('Compare Runs'),
      caption: trans.__('Compare runs: table, curves, parallel coordinates, scatter'),
      describedBy: {
        args: {
          type: 'object',
          properties: { runIds: { type: 'array', items: { type: 'string' } } },
          required: ['runIds']
        }
      },
      execute: args => {
        const runIds = args.runIds as string[];
        const label = (ids: readonly string[]) => trans._n('%1 run compared', '%1 runs compared', ids.length);
        const id = `workbench-compare-${UUID.uuid4()}`;
        const tab = openTab(app, tracker, id, label(runIds), () => new CompareView(runIds, model, app.commands, trans));
        tab.content.changed.connect(({ runIds }) => {
          tab.title.label = label(runIds);
          void tracker.save(tab);
        });
        return tab;
      }
    });
    if (restorer) {
      void restorer.restore(tracker, {
        command: CommandIDs.compareRuns,
        args: widget => ({ runIds: [...widget.content.runIds] }),
        name: widget => widget.id
      });
    }
  }
};
