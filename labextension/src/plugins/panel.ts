/** The sidebar: sections for the cluster, runs, sweeps, endpoints and models. */

import { ILayoutRestorer, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { CommandToolbarButton, ICommandPalette } from '@jupyterlab/apputils';
import { ILauncher } from '@jupyterlab/launcher';
import { IMainMenu } from '@jupyterlab/mainmenu';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { SidePanel } from '@jupyterlab/ui-components';
import { ReadonlyJSONObject } from '@lumino/coreutils';
import { AccordionPanel } from '@lumino/widgets';

import { ClusterSection } from '../cluster/section';
import { CommandIDs } from '../commandids';
import { workbenchIcon } from '../components/icons';
import { EndpointsSection } from '../endpoints/section';
import { WorkbenchModel } from '../model';
import { ModelsSection } from '../models/section';
import { IRunChoices, RunList } from '../runs/runlist';
import { RunsSection } from '../runs/section';
import { tidyRuns } from '../runs/tidyform';
import { StudiesSection } from '../studies/section';
import { fitSections } from './fitsections';
import { IWorkbench } from './workbench';

export const panelPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-ml-workbench:panel',
  description: 'The sidebar with the cluster and the runs.',
  autoStart: true,
  requires: [IWorkbench],
  optional: [ITranslator, ILayoutRestorer, ICommandPalette, ILauncher, IMainMenu, INotebookTracker, IStateDB],
  activate: (
    app: JupyterFrontEnd,
    model: WorkbenchModel,
    translator: ITranslator | null,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null,
    launcher: ILauncher | null,
    menu: IMainMenu | null,
    notebooks: INotebookTracker | null,
    state: IStateDB | null
  ) => {
    const trans = (translator ?? nullTranslator).load('workbench');
    const panel = new SidePanel({ translator: translator ?? undefined });
    panel.id = 'workbench-panel';
    panel.title.icon = workbenchIcon;
    panel.title.caption = trans.__('Workbench: cluster and runs');
    panel.addClass('wb-Panel');
    panel.node.setAttribute('role', 'region');
    panel.node.setAttribute('aria-label', trans.__('Workbench'));
    panel.addWidget(new ClusterSection(model, app.commands, trans));
    const list = new RunList(model);
    if (state) {
      void keepChoices(list, state, app.restored);
    }
    const onNotebook = () => {
      list.notebook = notebooks?.currentWidget?.context.path ?? '';
    };
    notebooks?.currentChanged.connect(onNotebook);
    void notebooks?.restored.then(onNotebook);
    panel.addWidget(new RunsSection(model, list, app.commands, trans));
    panel.addWidget(new StudiesSection(model, app.commands, trans));
    panel.addWidget(new EndpointsSection(model, app.commands, trans));
    panel.addWidget(new ModelsSection(model, app.commands, trans));
    panel.toolbar.addItem(
      'start',
      new CommandToolbarButton({ commands: app.commands, id: CommandIDs.startCluster, label: trans.__('Start') })
    );
    panel.toolbar.addItem(
      'join',
      new CommandToolbarButton({ commands: app.commands, id: CommandIDs.joinCluster, label: trans.__('Join…') })
    );
    panel.toolbar.addItem(
      'stop',
      new CommandToolbarButton({ commands: app.commands, id: CommandIDs.stopCluster, label: trans.__('Stop…') })
    );
    const sections = panel.content as AccordionPanel;
    sections.collapse(MODELS);
    fitSections(sections, RUNS, state, app.restored);
    app.shell.add(panel, 'left', { rank: 450, type: 'Workbench' });
    restorer?.add(panel, 'workbench-panel');

    app.commands.addCommand(CommandIDs.showPanel, {
      label: args => (args.isLauncher ? trans.__('Workbench') : trans.__('Show Workbench')),
      caption: trans.__('Show the cluster and the runs in the sidebar'),
      icon: args => (args.isPalette ? undefined : workbenchIcon),
      describedBy: {
        args: { type: 'object', properties: { isLauncher: { type: 'boolean' }, isPalette: { type: 'boolean' } } }
      },
      execute: () => app.shell.activateById(panel.id)
    });
    app.commands.addCommand(CommandIDs.tidyRuns, {
      label: trans.__('Tidy Up Runs…'),
      caption: trans.__('Delete old runs that failed, stopped or finished'),
      describedBy: { args: { type: 'object', properties: {} } },
      execute: async () => {
        await tidyRuns(model, trans);
        await list.refresh();
      }
    });
    palette?.addItem({ command: CommandIDs.tidyRuns, category: trans.__('Workbench') });
    palette?.addItem({ command: CommandIDs.showPanel, category: trans.__('Workbench'), args: { isPalette: true } });
    launcher?.add({ command: CommandIDs.showPanel, category: trans.__('Other'), args: { isLauncher: true } });
    menu?.viewMenu.addGroup([{ command: CommandIDs.showPanel, args: { isPalette: true } }], 20);
  }
};

/** The index of the runs section, which gets the most room. */
const RUNS = 1;
/** The index of the models section, which starts folded to leave room for the others. */
const MODELS = 4;
const KEPT = 'jupyter-ml-workbench:runs';

/** Restore the filters of the list after a reload, and save them on every change. */
async function keepChoices(list: RunList, state: IStateDB, restored: Promise<unknown>): Promise<void> {
  await restored;
  const kept = await state.fetch(KEPT);
  if (kept) {
    list.choose(kept as unknown as Partial<IRunChoices>);
    await list.refresh();
  }
  let saved = JSON.stringify(list.choices);
  list.changed.connect(() => {
    const now = JSON.stringify(list.choices);
    if (now !== saved) {
      saved = now;
      void state.save(KEPT, JSON.parse(now) as ReadonlyJSONObject);
    }
  });
}
