/** One tab in the main area per id. */

import { JupyterFrontEnd } from '@jupyterlab/application';
import { MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import { Widget } from '@lumino/widgets';

import { workbenchIcon } from '../components/icons';

/** Bring the tab of an id to the front; create it if there is none. */
export function openTab<T extends Widget>(
  app: JupyterFrontEnd,
  tracker: WidgetTracker<MainAreaWidget<T>>,
  id: string,
  label: string,
  make: () => T
): MainAreaWidget<T> {
  let tab = tracker.find(widget => widget.id === id);
  if (!tab) {
    tab = new MainAreaWidget({ content: make() });
    tab.id = id;
    tab.title.label = label;
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
