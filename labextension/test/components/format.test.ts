import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { ago, bytes, duration, number } from '../../src/components/format';

describe('what people read', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 1_000_000_000 });
    vi.stubGlobal('document', { documentElement: { lang: 'en' } });
  });

  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it('has numbers of a few digits', () => {
    expect([0, 0.123456, 1234567, 1e-5, null].map(number)).toEqual(['0', '0.1235', '1.23e+6', '1.00e-5', 'NaN']);
  });

  it('has times and sizes', () => {
    expect([0.21, 42, 3_700, 400_000].map(duration)).toEqual(['0.2 s', '42 s', '1 h 1 min', '5 d']);
    expect([5, 300, 7_300].map(passed => ago(1_000_000 - passed))).toEqual(['5s ago', '5m ago', '2h ago']);
    expect([512, 2048, 5 * 2 ** 30].map(bytes)).toEqual(['512 B', '2.0 KiB', '5.0 GiB']);
  });

  it('has no time that is yet to come', () => {
    expect(ago(1_000_030)).toBe('now');
  });
});
