/**
 * Fits the heights of the sidebar's sections to their contents, until the user drags a border: then the heights stay,
 * after a reload too. A double click on a border fits them again.
 */

import { IStateDB } from '@jupyterlab/statedb';
import { Throttler } from '@lumino/polling';
import { AccordionPanel, Widget } from '@lumino/widgets';

import { isAsBefore, opened, shareRoom } from './sections';

const KEPT = 'jupyter-ml-workbench:sections';
const EVERY_MS = 250;

/**
 * Fit the sections whenever something changes.
 *
 * @param main - The section that gets the remaining height.
 * @param state - The database that keeps heights chosen by hand.
 * @param restored - Resolves when JupyterLab has restored its layout.
 */
export function fitSections(
  sections: AccordionPanel,
  main: number,
  state: IStateDB | null,
  restored: Promise<unknown>
): void {
  let isByHand = false;
  let pressed: number[] | null = null; // The sizes when a border was taken hold of: while it is held, nothing else moves.
  const fit = () => {
    const before = sections.widgets.map(widget => (widget.isHidden ? 0 : widget.node.offsetHeight));
    const room = before.reduce((total, height) => total + height, 0);
    if (pressed || !sections.isVisible || room === 0) {
      return;
    }
    const wanted = sections.widgets.map(widget => (widget.isHidden ? null : contentHeight(widget)));
    const heights = isByHand ? opened(before, wanted) : shareRoom(wanted, main, room);
    if (!isAsBefore(heights, before)) {
      sections.setRelativeSizes(heights.map(height => height / room));
    }
  };
  const soon = new Throttler(fit, { limit: EVERY_MS, edge: 'trailing' });
  const again = () => void soon.invoke();
  const keep = () => void (isByHand && state?.save(KEPT, sections.relativeSizes()));
  sections.expansionToggled.connect(() => void soon.invoke().then(keep));
  const resized = new ResizeObserver(again);
  resized.observe(sections.node);
  const changed = new MutationObserver(again);
  for (const widget of sections.widgets.filter((_, index) => index !== main)) {
    changed.observe(widget.node, { childList: true, subtree: true, attributeFilter: ['open'] });
  }
  const isHandle = (node: EventTarget | null) => sections.handles.includes(node as HTMLDivElement);
  const press = (event: PointerEvent) => {
    if (event.button === 0 && isHandle(event.target)) {
      pressed = sections.relativeSizes();
    }
  };
  sections.node.addEventListener('pointerdown', press, true);
  sections.handleMoved.connect(() => {
    if (pressed && !isAsBefore(sections.relativeSizes(), pressed, 0.001)) {
      isByHand = true;
      keep();
    }
    pressed = null;
    again();
  });
  sections.node.addEventListener('dblclick', event => {
    if (isHandle(event.target)) {
      isByHand = false;
      void state?.remove(KEPT);
      again();
    }
  });
  void restored.then(async () => {
    const kept = await state?.fetch(KEPT);
    if (Array.isArray(kept) && kept.length === sections.widgets.length) {
      isByHand = true;
      sections.setRelativeSizes(kept as number[]);
      again();
    }
  });
  sections.disposed.connect(() => {
    resized.disconnect();
    changed.disconnect();
    soon.dispose();
  });
}

/** Return the height that a section needs to show all its contents. */
function contentHeight(widget: Widget): number {
  const content = widget.node.firstElementChild;
  if (!content) {
    return 0;
  }
  const { paddingBottom } = getComputedStyle(content);
  let bottom = content.getBoundingClientRect().top;
  let hidden = 0;
  for (const part of content.children) {
    const rows = part.firstElementChild;
    if (rows?.classList.contains('wb-Virtual')) {
      // The height of a scrolling list does not depend on its rows.
      hidden += rows.clientHeight - part.clientHeight;
    }
    bottom = Math.max(bottom, part.getBoundingClientRect().bottom + parseFloat(getComputedStyle(part).marginBottom));
  }
  const top = widget.node.getBoundingClientRect().top - widget.node.scrollTop - content.scrollTop;
  return Math.ceil(bottom - top + hidden + parseFloat(paddingBottom)) + 1;
}
