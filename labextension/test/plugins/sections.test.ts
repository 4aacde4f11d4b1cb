import { describe, expect, it } from 'vitest';

import { isAsBefore, opened, shareRoom } from '../../src/plugins/sections';

describe('room of the sections', () => {
  it('is as much as each has to show, and the rest is for the runs', () => {
    expect(shareRoom([140, 900, 70, 100, null], 1, 800)).toEqual([140, 490, 70, 100, 0]);
  });

  it('is at least a row or two', () => {
    expect(shareRoom([10, 0, null, null, null], 1, 500)).toEqual([64, 436, 0, 0, 0]);
  });

  it('is shared where all want more than there is: nobody gets more than wanted', () => {
    const heights = shareRoom([140, 50, 2000, 100, 3000], 1, 1000);
    expect(heights).toEqual([140, 400, 180, 100, 180]);
    expect(heights.reduce((total, height) => total + height)).toBe(1000);
  });

  it('goes to the last one where the runs are folded', () => {
    expect(shareRoom([140, null, 90, 100, null], 1, 800)).toEqual([140, 0, 90, 570, 0]);
    expect(shareRoom([null, null, null, null, 5], 1, 800)).toEqual([0, 0, 0, 0, 800]);
    expect(shareRoom([null, null], 1, 0)).toEqual([0, 0]);
  });

  it('stays as it was chosen, but for what was unfolded since', () => {
    expect(opened([20, 500, 80], [140, 300, 70])).toEqual([140, 380, 80]);
    expect(opened([100, 500, 0], [140, 300, null])).toEqual([100, 500, 0]);
    expect(opened([100, 500, 0], [140, 300, 2000])).toEqual([100, 250, 250]);
    expect(opened([100, 40, 90], [140, 300, 70])).toEqual([100, 40, 90]);
    expect(opened([10], [140])).toEqual([10]);
  });

  it('is the same to within a pixel', () => {
    expect(isAsBefore([100, 200], [100.5, 199])).toBe(true);
    expect(isAsBefore([100, 200], [102, 198])).toBe(false);
    expect(isAsBefore([0.5], [])).toBe(false);
  });
});
