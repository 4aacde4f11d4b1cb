/** Shows the last run of each train cell below the cell, live while it runs. */

import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { WorkbenchModel } from '../model';
import { NotebookBadges } from '../notebook/badges';
import { settingsOf } from '../settings';
import { IWorkbench } from './workbench';

export const badgesPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-ml-workbench:badges',
  description: 'Shows the last run of each train cell below it.',
  autoStart: true,
  requires: [IWorkbench, INotebookTracker],
  optional: [ITranslator, ISettingRegistry],
  activate: async (
    app: JupyterFrontEnd,
    model: WorkbenchModel,
    notebooks: INotebookTracker,
    translator: ITranslator | null,
    registry: ISettingRegistry | null
  ) => {
    const trans = (translator ?? nullTranslator).load('workbench');
    const settings = await settingsOf(registry);
    const badges = new Map<NotebookPanel, NotebookBadges>();
    const add = (panel: NotebookPanel) => {
      if (!settings.current.badges || badges.has(panel)) {
        return;
      }
      badges.set(panel, new NotebookBadges(panel, model, app.commands, trans));
      panel.disposed.connect(() => remove(panel));
    };
    const remove = (panel: NotebookPanel) => {
      badges.get(panel)?.dispose();
      badges.delete(panel);
    };
    notebooks.forEach(add);
    notebooks.widgetAdded.connect((_, panel) => add(panel));
    settings.changed.connect(() => {
      if (settings.current.badges) {
        notebooks.forEach(add);
      } else {
        [...badges.keys()].forEach(remove);
      }
    });
  }
};
