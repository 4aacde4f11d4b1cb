/** The menu of a run's actions. */

import { CommandRegistry } from '@lumino/commands';
import { Menu } from '@lumino/widgets';

import { LIVE_STATES } from '../api/states';
import { IRun } from '../api/types';
import { CommandIDs } from '../commandids';
import { MenuPlace, openMenu } from '../components/openmenu';

/** Open a run's menu below a button, or where the mouse is. */
export function openRunMenu(commands: CommandRegistry, run: IRun, where: MenuPlace): void {
  const menu = new Menu({ commands });
  const args = { runId: run.run_id, name: run.name };
  const isOurs = run.source === 'workbench';
  const isLive = LIVE_STATES.includes(run.state);
  const separate = () => menu.addItem({ type: 'separator' });
  menu.addItem({ command: CommandIDs.openRun, args });
  if (run.cell_id) {
    menu.addItem({ command: CommandIDs.goToCell, args: { cellId: run.cell_id, notebook: run.notebook } });
  }
  if (isOurs) {
    menu.addItem({ command: CommandIDs.openNotebook, args });
    separate();
    if (isLive) {
      menu.addItem({ command: CommandIDs.stopRun, args });
    } else {
      menu.addItem({ command: CommandIDs.runAgain, args });
      menu.addItem({ command: CommandIDs.resumeRun, args });
    }
    separate();
    menu.addItem({ command: CommandIDs.copyTrain, args });
    menu.addItem({ command: CommandIDs.copyPython, args });
  }
  separate();
  if (!isLive) {
    menu.addItem({ command: CommandIDs.publish, args: { source: run.run_id, title: run.name, name: run.name } });
  }
  menu.addItem({ command: CommandIDs.openInMlflow, args });
  openMenu(menu, where);
}
