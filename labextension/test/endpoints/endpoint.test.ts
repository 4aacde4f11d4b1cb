import { describe, expect, it } from 'vitest';

import { champion, keptCurves, liveCurves, overall, rates, sparkline } from '../../src/endpoints/endpoint';
import { IEndpoint, IHistory, IVersion } from '../../src/api/servingtypes';
import { percent } from '../../src/endpoints/words';

function version(label: string, weight: number, rate: number[], more: object = {}): IVersion {
  const t = rate.map((_, index) => 1000 + 5 * index);
  const zeros = rate.map(() => 0);
  return {
    label,
    models: [],
    state: 'live',
    is_settled: true,
    weight,
    is_shadow: false,
    message: '',
    replicas: { running: 1, target: 1, min: 1, max: 1 },
    options: {} as IVersion['options'],
    published_at: Number(label),
    failure: null,
    history_run: '',
    stats: {
      requests: 10,
      errors: 0,
      rejected: 0,
      unavailable: 0,
      rate: rate[rate.length - 1] ?? 0,
      error_rate: 0,
      p50_ms: 1,
      p95_ms: null,
      p99_ms: null,
      queue: 0,
      ongoing: 0,
      batch_mean: null,
      cache_hits: 0,
      replicas: 1,
      recent: {
        t,
        rate,
        errors: zeros,
        p50_ms: zeros,
        p95_ms: rate.map(() => null),
        p99_ms: zeros,
        queue: zeros,
        replicas: zeros,
        batch: zeros,
        cache_hits: zeros
      }
    },
    ...more
  };
}

function history(t: number[], requests: number[]): IHistory[string] {
  const zeros = t.map(() => 0);
  const latency = { p50_ms: zeros, p95_ms: zeros, p99_ms: zeros };
  return {
    t,
    requests,
    errors: zeros,
    ...latency,
    queue: zeros,
    replicas: zeros,
    batch_mean: zeros,
    cache_hits: zeros
  };
}

const of = (versions: IVersion[]) => ({ name: 'digits', versions }) as unknown as IEndpoint;

describe('an endpoint', () => {
  it('has the version with most traffic as its champion, the newest where none has any', () => {
    expect(champion(of([version('3', 90, []), version('4', 10, [])]))!.label).toBe('3');
    expect(champion(of([version('3', 0, []), version('4', 0, [])]))!.label).toBe('4');
    expect(champion(of([]))).toBeUndefined();
  });

  it('counts what clients see of it: not what its shadow does', () => {
    const three = version('3', 90, [8, 9]);
    three.stats.error_rate = 0.1;
    three.stats.p95_ms = 4;
    const shadow = version('5', 0, [10, 10], { is_shadow: true });
    const found = overall(of([three, version('4', 10, [0, 1]), shadow]));
    expect(found.rate).toBe(10);
    expect(found.errorRate).toBeCloseTo(0.09);
    expect(found.p95).toBe(4);
    expect(rates(of([three, version('4', 10, [0, 1]), shadow]))).toEqual([8, 10]);
    expect(overall(of([]))).toEqual({ rate: 0, errorRate: 0, p95: null });
  });

  it('draws its rate as a line within its box', () => {
    expect(sparkline([0, 5, 10], 40, 12)).toBe('M0,11L20,6L40,1');
    expect(sparkline([0, 0], 40, 12)).toBe('M0,11L40,11');
    expect(sparkline([3], 40, 12)).toBe('');
  });

  it('has a curve for each version, with gaps where nobody asked', () => {
    const [curve] = liveCurves([version('3', 100, [1, 2])], 'p95_ms');
    expect(curve.points).toEqual([
      [1000, null],
      [1005, null]
    ]);
    const kept = keptCurves({ '3': history([60, 120], [5, 7]), '4': history([], []) }, 'requests');
    expect(kept).toEqual([
      {
        name: '3',
        color: 0,
        points: [
          [60, 5],
          [120, 7]
        ]
      }
    ]);
  });
});

describe('a share', () => {
  it('is all or none only where it is', () => {
    expect([0, 1, 0.5, 0.071, 0.996, 0.99999, 0.00001].map(percent)).toEqual([
      '0 %',
      '100 %',
      '50 %',
      '7.1 %',
      '99.6 %',
      '>99.9 %',
      '<0.1 %'
    ]);
  });
});
