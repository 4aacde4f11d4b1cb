/** The extension's plugins. */

import { notebookPlugin } from './plugins/notebook';
import { panelPlugin } from './plugins/panel';
import { runViewPlugin } from './plugins/runview';
import { statusPlugin } from './plugins/status';
import { workbenchPlugin } from './plugins/workbench';

export { IWorkbench } from './plugins/workbench';

export default [workbenchPlugin, panelPlugin, runViewPlugin, notebookPlugin, statusPlugin];
