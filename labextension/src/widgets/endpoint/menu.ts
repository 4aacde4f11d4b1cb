/** The menu of what can be done with an endpoint. */

import { CommandRegistry } from '@lumino/commands';
import { Menu } from '@lumino/widgets';

import { IEndpoint } from '../../endpoint';
import { CommandIDs } from '../../tokens';

/** Open an endpoint's menu below a button, or where the mouse is. */
export function openEndpointMenu(
  commands: CommandRegistry,
  endpoint: IEndpoint,
  where: Element | { x: number; y: number }
): void {
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
  menu.aboutToClose.connect(() => window.setTimeout(() => menu.dispose()));
  if (where instanceof Element) {
    const { right, bottom } = where.getBoundingClientRect();
    menu.open(right, bottom, { horizontalAlignment: 'right' });
  } else {
    menu.open(where.x, where.y);
  }
}
