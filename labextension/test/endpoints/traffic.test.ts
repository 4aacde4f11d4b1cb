import { describe, expect, it } from 'vitest';

import { isReplicas, replicasText } from '../../src/endpoints/replicas';
import { isSame, moved, rounded } from '../../src/endpoints/traffic';

const total = (weights: Record<string, number>) => Object.values(weights).reduce((sum, one) => sum + one, 0);

describe('traffic', () => {
  it('sums to 100 whatever is moved', () => {
    let weights: Record<string, number> = { '3': 90, '4': 10, '5': 0 };
    for (const [label, value] of [
      ['4', 33],
      ['5', 100],
      ['3', 1],
      ['4', 250],
      ['4', -5],
      ['5', 66.6]
    ] as [string, number][]) {
      weights = moved(weights, label, value);
      expect(total(weights)).toBe(100);
      expect(Object.values(weights).every(one => Number.isInteger(one) && one >= 0)).toBe(true);
    }
    expect(weights['5']).toBe(67);
  });

  it('shares what is left as it was shared', () => {
    expect(moved({ '3': 60, '4': 30, '5': 10 }, '5', 55)).toEqual({ '3': 30, '4': 15, '5': 55 });
    expect(moved({ '3': 100, '4': 0, '5': 0 }, '3', 50)).toEqual({ '3': 50, '4': 25, '5': 25 });
    expect(moved({ '3': 100 }, '3', 20)).toEqual({ '3': 100 });
  });

  it('of any sum is made whole', () => {
    expect(rounded({ '3': 1, '4': 1, '5': 1 })).toEqual({ '3': 34, '4': 33, '5': 33 });
    expect(rounded({ '3': 0, '4': 0 })).toEqual({ '3': 50, '4': 50 });
    expect(isSame({ '3': 90, '4': 10 }, { '4': 10, '3': 90 })).toBe(true);
    expect(isSame({ '3': 100 }, { '3': 100, '4': 0 })).toBe(true);
    expect(isSame({ '3': 90 }, { '3': 91 })).toBe(false);
  });
});

describe('replicas', () => {
  it('are written as the magic has them', () => {
    expect(replicasText({ min: 1, max: 4 })).toBe('1..4');
    expect(replicasText({ min: 2, max: 2 })).toBe('2');
  });

  it('are at least one at most', () => {
    expect(isReplicas({ min: 0, max: 1 })).toBe(true);
    expect(
      [
        { min: 0, max: 0 },
        { min: 3, max: 2 },
        { min: NaN, max: 2 },
        { min: 1.5, max: 2 }
      ].map(isReplicas)
    ).toEqual(Array(4).fill(false));
  });
});
