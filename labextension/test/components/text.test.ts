import { describe, expect, it } from 'vitest';

import { ansiSpans } from '../../src/components/ansi';
import { ago, bytes, duration, number } from '../../src/components/format';

describe('what people read', () => {
  it('has numbers of a few digits', () => {
    expect([0, 0.123456, 1234567, 1e-5, null].map(number)).toEqual(['0', '0.1235', '1.23e+6', '1.00e-5', 'NaN']);
  });

  it('has times and sizes', () => {
    expect([0.21, 42, 3_700, 400_000].map(duration)).toEqual(['0.2 s', '42 s', '1 h 1 min', '5 d']);
    expect([5, 300, 7_300].map(passed => ago(1_000_000 - passed, 1_000_000))).toEqual([
      '5 s ago',
      '5 min ago',
      '2 h ago'
    ]);
    expect([512, 2048, 5 * 2 ** 30].map(bytes)).toEqual(['512 B', '2.0 KiB', '5.0 GiB']);
  });
});

describe('terminal colours', () => {
  it('cut a line, other codes are left out', () => {
    expect(ansiSpans('a \x1b[1;31mred\x1b[0m b\x1b[2K!')).toEqual([
      { text: 'a ', classes: '' },
      { text: 'red', classes: 'ansi-red-fg ansi-bold' },
      { text: ' b', classes: '' },
      { text: '!', classes: '' }
    ]);
  });
});
