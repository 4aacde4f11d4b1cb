/** Endpoints and registered models as the server tells of them, and what views work out from that. */

import { ICurve } from '../components/curves';
import { RunState } from '../api/types';

export type VersionState = 'starting' | 'live' | 'idle' | 'degraded' | 'failed' | 'draining';

/** Figures by time, one point per 5 s, ten minutes at most. Times are seconds since the epoch. */
export interface IRecent {
  t: number[];
  rate: number[];
  errors: number[];
  p50_ms: (number | null)[];
  p95_ms: (number | null)[];
  p99_ms: (number | null)[];
  queue: number[];
  replicas: number[];
  batch: (number | null)[];
  cache_hits: number[];
}

/** Of the last minute, but for requests, errors, rejected and cache_hits, which count all there were. */
export interface IStats {
  requests: number;
  errors: number;
  rejected: number;
  rate: number;
  error_rate: number;
  p50_ms: number | null;
  p95_ms: number | null;
  p99_ms: number | null;
  queue: number;
  ongoing: number;
  batch_mean: number | null;
  cache_hits: number;
  replicas: number;
  recent: IRecent;
}

export interface IServedModel {
  name: string;
  number: number;
  uri: string;
  run_id: string;
}

export interface IVersion {
  label: string;
  models: IServedModel[];
  state: VersionState;
  /** Percent of the requests. */
  weight: number;
  is_shadow: boolean;
  /** What it waits for, in words. */
  message: string;
  replicas: { running: number; target: number; min: number; max: number };
  options: Record<string, unknown>;
  published_at: number;
  failure: { message: string; traceback: string } | null;
  history_run: string;
  stats: IStats;
}

export interface ICanary {
  version: string;
  /** Percent of the requests, step by step. */
  steps: number[];
  step: number;
  since: number;
  for_s: number;
  min_requests: number;
  requests: number;
  verdict: string;
}

export interface ITokenRow {
  label: string;
  created_at: number | null;
  last_used_at: number | null;
}

/** An input or output of a model. */
export interface IField {
  name: string;
  /** NumPy's word, as `float64` or `str`. */
  dtype: string;
  /** -1 is any length. */
  shape: number[];
}

export interface IModelSchema {
  inputs: IField[];
  outputs: IField[] | null;
  /** Whether the inputs are the columns of a table. */
  is_columns: boolean;
  /** The JSON body of a request that the model answers. */
  example: string | null;
  flavor: string;
  streams: boolean;
}

export interface IEndpoint {
  name: string;
  url: string;
  grpc_url: string;
  state: VersionState;
  message: string;
  models: string[];
  versions: IVersion[];
  canary: ICanary | null;
  shadow: { version: string; requests: number; agreement: number | null } | null;
  can_roll_back: boolean;
  /** Percent of the requests by version after rolling back. */
  rolls_back_to: Record<string, number> | null;
  events: { t: number; text: string }[];
  tokens: ITokenRow[];
  limits: { max_body: number; rate: number | null; cache: number; samples: number };
  schemas: Record<string, IModelSchema>;
  notebook: string;
  /** Where the token that it was published with lies on the server; an empty string for nowhere. */
  token_file: string;
}

export interface IEndpoints {
  gateway: { state: 'up' | 'down' | 'lost'; url?: string; message: string };
  endpoints: IEndpoint[];
  /** Names of those that were published and do not run. */
  asleep: string[];
}

export interface ISample {
  t: number;
  status: number;
  latency_ms: number;
  request: string;
  answer: string;
}

export interface IAttempt {
  status: number;
  body: string;
  latency_ms: number;
  version: string;
  cached: boolean;
}

export type IHistory = Record<string, { t: number[] } & Record<string, (number | null)[]>>;

export interface IModelVersion {
  number: number;
  created_at: number | null;
  run_id: string | null;
  run_name: string | null;
  notebook: string;
  aliases: string[];
  endpoints: string[];
  model_uri: string;
}

export interface IModel {
  name: string;
  updated_at: number | null;
  aliases: Record<string, number>;
  /** Newest first. */
  versions: IModelVersion[];
}

/** Which run state's colour shows a version's state. */
export const DOTS: Record<VersionState, RunState> = {
  starting: 'starting',
  live: 'finished',
  idle: 'queued',
  degraded: 'stopped',
  failed: 'failed',
  draining: 'queued'
};

/** The version that most requests go to; the newest where none gets any. */
export function champion(endpoint: IEndpoint): IVersion | undefined {
  return [...endpoint.versions].sort((a, b) => b.weight - a.weight || b.published_at - a.published_at)[0];
}

/** Figures of all versions that answer clients, taken together. */
export function overall(endpoint: IEndpoint): { rate: number; errorRate: number; p95: number | null } {
  const answering = endpoint.versions.filter(version => !version.is_shadow);
  const rate = sum(answering.map(version => version.stats.rate));
  const errors = sum(answering.map(version => version.stats.rate * version.stats.error_rate));
  // Percentiles do not add up: told is the slowest of those that answer.
  const slowest = answering.map(version => version.stats.p95_ms).filter(value => value !== null);
  return { rate, errorRate: rate ? errors / rate : 0, p95: slowest.length ? Math.max(...slowest) : null };
}

/** Requests per second of all versions together, over time. */
export function rates(endpoint: IEndpoint): number[] {
  const byTime = new Map<number, number>();
  for (const { stats, is_shadow } of endpoint.versions) {
    if (!is_shadow) {
      stats.recent.t.forEach((t, index) => byTime.set(t, (byTime.get(t) ?? 0) + (stats.recent.rate[index] ?? 0)));
    }
  }
  return [...byTime].sort(([a], [b]) => a - b).map(([, rate]) => rate);
}

/** The path of a line through values, in a box with its zero at the bottom; empty for fewer than two. */
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

/** Curves of a figure, one per version, from what was seen of late. */
export function liveCurves(versions: IVersion[], figure: keyof IRecent, suffix = ''): ICurve[] {
  return versions.map((version, color) => ({
    name: version.label + suffix,
    color,
    points: version.stats.recent.t.map((t, index) => [t, version.stats.recent[figure]?.[index] ?? null])
  }));
}

/** Curves of a figure, one per version, from what was kept; versions newest first. */
export function keptCurves(history: IHistory, figure: string): ICurve[] {
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
