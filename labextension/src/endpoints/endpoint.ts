/** What views work out from an endpoint: figures, states and curves. */

import { IEndpoint, IHistory, IRecent, IVersion, VersionState } from '../api/servingtypes';
import { RunState } from '../api/types';
import { ICurve } from '../components/curves';

/** The run state whose colour shows a version's state. */
export const DOTS: Record<VersionState, RunState> = {
  starting: 'starting',
  live: 'finished',
  idle: 'queued',
  degraded: 'stopped',
  failed: 'failed',
  draining: 'queued'
};

/** Return the version that gets most requests; the newest if none gets any. */
export function champion(endpoint: IEndpoint): IVersion | undefined {
  return [...endpoint.versions].sort((a, b) => b.weight - a.weight || b.published_at - a.published_at)[0];
}

/** Check whether a version can get requests. */
export function takesTraffic(version: IVersion): boolean {
  return ['live', 'idle', 'degraded'].includes(version.state);
}

/** Sum up the figures of all versions that answer clients. */
export function overall(endpoint: IEndpoint): { rate: number; errorRate: number; p95: number | null } {
  const answering = endpoint.versions.filter(version => !version.is_shadow);
  const rate = sum(answering.map(version => version.stats.rate));
  const errors = sum(answering.map(version => version.stats.rate * version.stats.error_rate));
  // Percentiles do not add up: report the slowest version.
  const slowest = answering.map(version => version.stats.p95_ms).filter(value => value !== null);
  return { rate, errorRate: rate ? errors / rate : 0, p95: slowest.length ? Math.max(...slowest) : null };
}

/** Return the requests per second of all versions together, over time. */
export function rates(endpoint: IEndpoint): number[] {
  const byTime = new Map<number, number>();
  for (const { stats, is_shadow } of endpoint.versions) {
    if (!is_shadow) {
      stats.recent.t.forEach((t, index) => byTime.set(t, (byTime.get(t) ?? 0) + (stats.recent.rate[index] ?? 0)));
    }
  }
  return [...byTime].sort(([a], [b]) => a - b).map(([, rate]) => rate);
}

/** Return the SVG path of a line through values, with zero at the bottom; empty for fewer than two. */
export function sparkline(values: number[], width: number, height: number): string {
  if (values.length < 2) {
    return '';
  }
  const top = Math.max(...values) || 1;
  const points = values.map((value, index) => {
    const x = (index / (values.length - 1)) * width;
    const y = height - 1 - (value / top) * (height - 2);
    return `${Number(x.toFixed(1))},${Number(y.toFixed(1))}`;
  });
  return `M${points.join('L')}`;
}

/** Return the curves of a figure by version over the last minutes. */
export function liveCurves(versions: IVersion[], figure: keyof IRecent, suffix = ''): ICurve[] {
  return versions.map((version, color) => ({
    name: version.label + suffix,
    color,
    points: version.stats.recent.t.map((t, index) => [t, version.stats.recent[figure]?.[index] ?? null])
  }));
}

/** Return the curves of a figure by version from the recorded history, newest version first. */
export function keptCurves(history: IHistory, figure: keyof IHistory[string]): ICurve[] {
  return Object.entries(history)
    .filter(([, kept]) => kept[figure]?.length)
    .map(([label, kept], color) => ({
      name: label,
      color,
      points: kept.t.map((t, index) => [t, kept[figure][index] ?? null])
    }));
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
