/** Opens the pages of MLflow, Ray and Optuna as tabs, through Jupyter's own authentication. */

import { ILayoutRestorer, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { DashboardTab } from '../cluster/dashboardtab';
import { CommandIDs } from '../commandids';
import { workbenchIcon } from '../components/icons';
import { WorkbenchModel } from '../model';
import { IWorkbench } from './workbench';

export const dashboardsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-ml-workbench:dashboards',
  description: 'Opens the pages of MLflow, Ray and Optuna as tabs.',
  autoStart: true,
  requires: [IWorkbench],
  optional: [ITranslator, ILayoutRestorer, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    model: WorkbenchModel,
    translator: ITranslator | null,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null
  ) => {
    const trans = (translator ?? nullTranslator).load('workbench');
    const tracker = new WidgetTracker<MainAreaWidget<DashboardTab>>({ namespace: 'workbench-dashboards' });
    app.commands.addCommand(CommandIDs.openDashboard, {
      label: args => trans.__('Open %1', (args.title as string) || trans.__('a Dashboard')),
      caption: trans.__('Open the pages of MLflow, Ray or Optuna in a tab'),
      describedBy: {
        args: {
          type: 'object',
          properties: {
            name: { type: 'string', description: trans.__('mlflow, ray, or optuna- and the id of a storage') },
            title: { type: 'string' },
            path: { type: 'string' }
          },
          required: ['name']
        }
      },
      execute: args => {
        const name = args.name as string;
        const path = (args.path as string) ?? '';
        let tab = tracker.find(widget => widget.content.dashboard.name === name);
        if (!tab) {
          const title = (args.title as string) || name;
          tab = new MainAreaWidget({ content: new DashboardTab({ name, title, path }, model.api, trans) });
          tab.id = `workbench-dashboard-${name}`;
          tab.title.icon = workbenchIcon;
          tab.title.closable = true;
          void tracker.add(tab);
          app.shell.add(tab, 'main', { type: 'Workbench' });
        } else if (path) {
          tab.content.go(path);
        }
        tab.title.label = (args.title as string) || name;
        app.shell.activateById(tab.id);
        return tab;
      }
    });
    if (restorer) {
      void restorer.restore(tracker, {
        command: CommandIDs.openDashboard,
        args: widget => ({ ...widget.content.dashboard }),
        name: widget => widget.content.dashboard.name
      });
    }
    const known = [
      { name: 'mlflow', title: trans.__('MLflow') },
      { name: 'ray', title: trans.__('Ray dashboard') }
    ];
    for (const args of known) {
      palette?.addItem({ command: CommandIDs.openDashboard, category: trans.__('Workbench'), args });
    }
  }
};
