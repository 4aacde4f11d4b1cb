/** Opens studies in the main area, and writes a trial's values into the cell of its sweep. */

import { ILayoutRestorer, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { MainAreaWidget, Notification, WidgetTracker } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { workbenchIcon } from '../icons';
import { WorkbenchModel } from '../model';
import { ParamValue } from '../study';
import { CommandIDs } from '../tokens';
import { StudyView } from '../widgets/study/studyview';
import { IWorkbench } from './workbench';

export const studyPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-ml-workbench:study',
  description: 'Opens studies in the main area.',
  autoStart: true,
  requires: [IWorkbench],
  optional: [INotebookTracker, ITranslator, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    model: WorkbenchModel,
    notebooks: INotebookTracker | null,
    translator: ITranslator | null,
    restorer: ILayoutRestorer | null
  ) => {
    const trans = (translator ?? nullTranslator).load('workbench');
    const tracker = new WidgetTracker<MainAreaWidget<StudyView>>({ namespace: 'workbench-studies' });
    app.commands.addCommand(CommandIDs.openStudy, {
      label: trans.__('Open Study'),
      caption: trans.__('Open a study in the main area: history, importances, plots, trials'),
      describedBy: {
        args: {
          type: 'object',
          properties: { storage: { type: 'string' }, study: { type: 'integer' }, name: { type: 'string' } },
          required: ['storage', 'study', 'name']
        }
      },
      execute: args => {
        const place = { storage: args.storage as string, study: args.study as number, name: args.name as string };
        const id = `workbench-study-${place.storage}-${place.study}`;
        let tab = tracker.find(widget => widget.id === id);
        if (!tab) {
          tab = new MainAreaWidget({ content: new StudyView(place, model, app.commands, trans) });
          tab.id = id;
          tab.title.label = place.name;
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
    app.commands.addCommand(CommandIDs.trainWith, {
      label: trans.__('Train with These Values'),
      caption: trans.__('Write a trial’s values into the constants of its sweep’s cell, and have it train'),
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
          const cell = notebooks
            ?.find(panel => panel.content.widgets.some(one => one.model.id === run.cell_id))
            ?.content.widgets.find(one => one.model.id === run.cell_id);
          if (!cell) {
            return; // going there has said why it cannot be
          }
          const shared = cell.model.sharedModel;
          const { source } = await model.api.cellWithValues(shared.getSource(), args.params as Record<string, ParamValue>);
          shared.setSource(source);
          Notification.success(trans.__('The cell has these values now. Run it to train with them; undo brings the sweep back.'));
        } catch (error) {
          Notification.error((error as Error).message);
        }
      }
    });
    if (restorer) {
      void restorer.restore(tracker, {
        command: CommandIDs.openStudy,
        args: widget => ({ ...widget.content.place }),
        name: widget => widget.id
      });
    }
  }
};
