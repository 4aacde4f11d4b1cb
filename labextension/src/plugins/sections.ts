/** How the sidebar's sections share its height. */

/** The least that a section which is unfolded gets, in pixels. */
const LEAST_PX = 64;
/** What the main section keeps of the room, however much the others have to show. */
const MAIN_SHARE = 0.4;

/**
 * Heights in pixels: each section as much as it has to show, the main one all that is left.
 *
 * @param wanted - What each section has to show, in pixels; null for those that are folded.
 * @param main - Which one is the main one. Where it is folded, the last one takes what is left.
 * @param room - What there is to share, in pixels.
 */
export function shareRoom(wanted: (number | null)[], main: number, room: number): number[] {
  const open = wanted.map((_, index) => index).filter(index => wanted[index] !== null);
  if (open.length === 0) {
    return wanted.map(() => 0);
  }
  const rest = open.includes(main) ? main : open[open.length - 1];
  const heights = wanted.map((height, index) => (height === null || index === rest ? 0 : Math.max(height, LEAST_PX)));
  const kept = rest === main ? MAIN_SHARE * room : LEAST_PX;
  const limit = evenly(
    heights.filter(height => height > 0),
    Math.max(0, room - kept)
  );
  const shared = heights.map(height => Math.min(height, limit));
  shared[rest] = Math.max(0, room - shared.reduce((total, height) => total + height, 0));
  return shared;
}

/**
 * The heights that somebody chose, with room for those that were unfolded since and have none: the tallest gives it.
 *
 * @param heights - What each section has, in pixels.
 * @param wanted - What each has to show; null for those that are folded.
 */
export function opened(heights: number[], wanted: (number | null)[]): number[] {
  const shared = [...heights];
  for (const [index, height] of wanted.entries()) {
    const tallest = shared.indexOf(Math.max(...shared));
    if (height !== null && shared[index] < LEAST_PX / 2 && tallest !== index) {
      const given = Math.min(Math.max(height, LEAST_PX), shared[tallest] / 2) - shared[index];
      shared[index] += given;
      shared[tallest] -= given;
    }
  }
  return shared;
}

/** Whether sizes are the same to within a bit. */
export function isAsBefore(sizes: number[], before: number[], bit = 1): boolean {
  return sizes.length === before.length && sizes.every((size, index) => Math.abs(size - before[index]) <= bit);
}

/** The most that each may have so that all of them fit: those that want less than that get what they want. */
function evenly(heights: number[], room: number): number {
  let left = room;
  const sorted = [...heights].sort((a, b) => a - b);
  for (const [index, height] of sorted.entries()) {
    const share = left / (sorted.length - index);
    if (height > share) {
      return share;
    }
    left -= height;
  }
  return Infinity;
}
