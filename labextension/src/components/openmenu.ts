/** Opens menus below a button, or at the mouse. */

import { Menu } from '@lumino/widgets';

export type MenuPlace = Element | { x: number; y: number };

/** Open a menu that is disposed when it closes. */
export function openMenu(menu: Menu, where: MenuPlace): void {
  menu.aboutToClose.connect(() => window.setTimeout(() => menu.dispose()));
  if (where instanceof Element) {
    const { right, bottom } = where.getBoundingClientRect();
    menu.open(right, bottom, { horizontalAlignment: 'right' });
  } else {
    menu.open(where.x, where.y);
  }
}
