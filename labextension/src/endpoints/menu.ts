/** The menu of the actions on an endpoint. */

import { CommandRegistry } from '@lumino/commands';
import { Menu } from '@lumino/widgets';

import { IEndpoint } from '../api/servingtypes';
import { CommandIDs } from '../commandids';
import { MenuPlace, openMenu } from '../components/openmenu';

/** Open an endpoint's menu below a button, or where the mouse is. */
export function openEndpointMenu(commands: CommandRegistry, endpoint: IEndpoint, where: MenuPlace): void {
  const menu = new Menu({ commands });
  const args = { name: endpoint.name };
  menu.addItem({ command: CommandIDs.openEndpoint, args });
  menu.addItem({ command: CommandIDs.openEndpointDocs, args });
  menu.addItem({ type: 'separator' });
  menu.addItem({ command: CommandIDs.copyEndpointUrl, args });
  menu.addItem({ command: CommandIDs.copyEndpointCurl, args });
  menu.addItem({ command: CommandIDs.copyEndpointPython, args });
  menu.addItem({ type: 'separator' });
  if (endpoint.can_roll_back) {
    menu.addItem({ command: CommandIDs.rollBackEndpoint, args });
  }
  menu.addItem({ command: CommandIDs.withdrawEndpoint, args });
  openMenu(menu, where);
}
