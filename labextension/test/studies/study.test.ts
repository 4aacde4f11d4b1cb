import { describe, expect, it } from 'vitest';

import { best, climb, counts, front, merged, surface, unsettled } from '../../src/studies/study';
import { IStudyColumns, TrialState } from '../../src/api/studytypes';

function answer(numbers: number[], states: string[], values: (number | null)[][], more: object = {}): IStudyColumns {
  return {
    name: 'tune',
    directions: values.map(() => 'minimize'),
    goals: [],
    run: null,
    numbers,
    states: states as IStudyColumns['states'],
    values,
    params: { lr: numbers.map(number => number / 10), momentum: numbers.map(() => null) },
    started: numbers.map(() => 1),
    ended: numbers.map(() => 2),
    feasible: numbers.map(() => true),
    asked: numbers.map(() => true),
    kinds: { lr: { low: 0, high: 1, log: false } },
    ...more
  };
}

describe('a study', () => {
  it('takes what an answer tells anew in the place of what it knew', () => {
    const first = merged(null, answer([0, 1, 2], ['complete', 'running', 'complete'], [[3, null, 2]]));
    expect(unsettled(first)).toBe(1);
    expect(first.trials[0].params).toEqual({ lr: 0 });
    const next = merged(first, answer([1, 2, 3], ['complete', 'complete', 'pruned'], [[1, 2, null]]));
    expect(next.trials.map(trial => trial.state)).toEqual(['complete', 'complete', 'complete', 'pruned']);
    expect(unsettled(next)).toBe(4);
    expect(merged(next, answer([], [], [[]])).trials).toHaveLength(4);
    expect(counts(next)).toMatchObject({ complete: 3, pruned: 1, running: 0 });
  });

  it('knows the best trial and the way there', () => {
    const study = merged(null, answer([0, 1, 2, 3], ['complete', 'complete', 'pruned', 'complete'], [[3, 1, 0, 2]]));
    expect(best(study)!.number).toBe(1);
    expect(climb(study)).toEqual([
      [0, 3],
      [1, 1]
    ]);
    const bounded = merged(null, answer([0, 1], ['complete', 'complete'], [[3, 1]], { feasible: [true, false] }));
    expect(best(bounded)!.number).toBe(0);
    expect(best(merged(null, answer([], [], [[]])))).toBeNull();
  });

  it('has a front of trials that no other beats', () => {
    const study = merged(
      null,
      answer(
        [0, 1, 2, 3, 4],
        Array<TrialState>(5).fill('complete'),
        [
          [1, 2, 3, 3, 1],
          [3, 2, 1, 3, 3]
        ],
        {
          directions: ['minimize', 'minimize']
        }
      )
    );
    expect([...front(study)].sort()).toEqual([0, 1, 2, 4]);
    expect(best(study)).toBeNull();
  });

  it('has a surface that goes through its trials', () => {
    const rows = surface(
      [
        [0.125, 0.125, 1],
        [0.875, 0.875, 5]
      ],
      4
    );
    expect(rows[0][0]).toBeCloseTo(1, 1);
    expect(rows[3][3]).toBeCloseTo(5, 1);
    expect(rows[1][2]).toBeGreaterThan(1);
  });
});
