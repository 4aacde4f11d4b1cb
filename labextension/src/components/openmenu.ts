/** Where a menu opens: below the button that was pressed, or where the mouse is. */

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
