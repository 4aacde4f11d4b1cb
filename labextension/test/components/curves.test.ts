import { describe, expect, it } from 'vitest';

import { aligned, smooth } from '../../src/components/curves';
import { diffRows } from '../../src/components/diff';

describe('curves', () => {
  it('are smoothed without a bias at their beginning', () => {
    expect(smooth([1, 1, 1], 0.9).map(value => Number(value!.toFixed(6)))).toEqual([1, 1, 1]);
    expect(smooth([0, 10], 0.5)[1]).toBeCloseTo(20 / 3);
    expect(smooth([1, null, 3], 0.5)[1]).toBeNull();
  });

  it('share an axis though they have points at other places', () => {
    const data = aligned([
      {
        name: 'a',
        points: [
          [0, 1],
          [2, 3]
        ]
      },
      {
        name: 'b',
        points: [
          [1, 5],
          [2, null]
        ]
      }
    ]);
    expect(data).toEqual([
      [0, 1, 2],
      [1, null, 3],
      [null, 5, null]
    ]);
  });
});

describe('a cell compared with what it was', () => {
  it('shows the changes with a few lines around them', () => {
    const before = Array.from({ length: 20 }, (_, index) => `line ${index}`);
    const after = before.with(10, 'changed');
    const rows = diffRows(before.join('\n'), after.join('\n'));
    expect(rows.map(row => row.kind)).toEqual([
      'skipped',
      'same',
      'same',
      'same',
      'removed',
      'added',
      'same',
      'same',
      'same',
      'skipped'
    ]);
    expect(rows[0].text).toBe('7');
    expect(rows[4].text).toBe('− line 10');
  });

  it('has no change where only the end of the text differs', () => {
    expect(diffRows('a\nb', 'a\nb\n\n').every(row => row.kind === 'same')).toBe(true);
  });
});
