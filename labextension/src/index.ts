/** The extension's plugins. */

import { badgesPlugin } from './plugins/badges';
import { cellsPlugin } from './plugins/cells';
import { comparePlugin } from './plugins/compare';
import { dashboardsPlugin } from './plugins/dashboards';
import { endpointsPlugin } from './plugins/endpoints';
import { notebookPlugin } from './plugins/notebook';
import { panelPlugin } from './plugins/panel';
import { runActionsPlugin } from './plugins/runactions';
import { runViewPlugin } from './plugins/runview';
import { statusPlugin } from './plugins/status';
import { studyPlugin } from './plugins/study';
import { workbenchPlugin } from './plugins/workbench';

export { IWorkbench } from './plugins/workbench';

export default [
  workbenchPlugin,
  panelPlugin,
  runViewPlugin,
  runActionsPlugin,
  comparePlugin,
  studyPlugin,
  endpointsPlugin,
  dashboardsPlugin,
  cellsPlugin,
  badgesPlugin,
  notebookPlugin,
  statusPlugin
];
