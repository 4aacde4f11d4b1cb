import { describe, expect, it } from 'vitest';

import { changesOf, limitsOf } from '../../src/endpoints/limits';

const first = limitsOf({ max_body: 16 * 2 ** 20, rate: null, cache: 0, samples: 100 });

describe('limits of an endpoint', () => {
  it('are shown as they are given, to the byte', () => {
    expect(first).toEqual({ rate: '', max_body: '16M', cache: '0', samples: '100' });
    const body = (max_body: number) => limitsOf({ max_body, rate: 2.5, cache: 3, samples: 0 }).max_body;
    expect([body(1536), body(2048), body(3 * 2 ** 30)]).toEqual(['1536', '2k', '3G']);
  });

  it('are sent where they were changed', () => {
    expect(changesOf(first, { ...first })).toEqual({});
    expect(changesOf(first, { ...first, rate: '50', max_body: ' 16M ' })).toEqual({ rate: 50 });
    expect(changesOf({ ...first, rate: '50' }, { rate: '', max_body: '1G', cache: '10', samples: '0' })).toEqual({
      rate: null,
      max_body: '1G',
      cache: 10,
      samples: 0
    });
  });
});
