/** How the sidebar's sections share its height. */

/** The minimum height of an unfolded section, in pixels. */
const LEAST_PX = 64;
/** The share of the height that the main section keeps, however much the others show. */
const MAIN_SHARE = 0.4;

/**
 * Return heights in pixels: each section gets what it needs, the main one the rest.
 *
 * @param wanted - The height that each section needs, in pixels; null for folded ones.
 * @param main - The index of the main section. If it is folded, the last one gets the rest.
 * @param room - The height to share, in pixels.
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
 * Return the heights that the user chose, with room for sections unfolded since: the tallest gives it.
 *
 * @param heights - The height of each section, in pixels.
 * @param wanted - The height that each section needs; null for folded ones.
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

/** Compare sizes with a tolerance. */
export function isAsBefore(sizes: number[], before: number[], bit = 1): boolean {
  return sizes.length === before.length && sizes.every((size, index) => Math.abs(size - before[index]) <= bit);
}

/** Return the largest height that, as a limit for each section, makes all of them fit. */
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
