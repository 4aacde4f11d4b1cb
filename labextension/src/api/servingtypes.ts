/** Endpoints and registered models as the server tells of them. */

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
