/** Opens studies in the main area. */

import { ILayoutRestorer, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { CommandIDs } from '../commandids';
import { WorkbenchModel } from '../model';
import { StudyView } from '../studies/studyview';
import { openTab } from './opentab';
import { IWorkbench } from './workbench';

export const studyPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-ml-workbench:study',
  description: 'Opens studies in the main area.',
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
        return openTab(app, tracker, id, place.name, () => new StudyView(place, model, app.commands, trans));
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
