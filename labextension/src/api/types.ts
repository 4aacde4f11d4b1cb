/** What the server tells, as types; the words are those of `workbench/records.py`. */

export type RunState = 'queued' | 'starting' | 'running' | 'finished' | 'failed' | 'stopped';

export interface IFailure {
  kind: string;
  message: string;
  traceback: string;
  rank: number | null;
  fix: string;
}

/** A run as a row of the list. Times are seconds since the epoch. */
export interface IRun {
  run_id: string;
  name: string;
  state: RunState;
  experiment: string;
  metrics: Record<string, number | null>;
  started_at: number | null;
  ended_at: number | null;
  source: 'workbench' | 'mlflow';
  failure: IFailure | null;
  cell_id: string;
  notebook: string;
  workers: string;
}

/** A run with its params, for a comparison. */
export interface IComparedRun extends IRun {
  params: Record<string, string>;
}

export interface IWorker {
  rank: number;
  node: string;
  cpu_percent: number | null;
  rss_mb: number | null;
  gpu_percent: number | null;
  gpu_memory_mb: number | null;
  gpu_memory_total_mb: number | null;
}

export interface IWaiting {
  needs: string;
  free: string;
  held_by: string[];
  actions: string[];
}

export interface IProgress {
  done: number;
  total: number | null;
  label: string;
  eta_s: number | null;
}

/** A run with all that a live view shows. */
export interface ISnapshot {
  run_id: string;
  name: string;
  state: RunState;
  experiment: string;
  submitted_at: number;
  started_at: number | null;
  ended_at: number | null;
  waiting: IWaiting | null;
  failure: IFailure | null;
  progress: IProgress | null;
  metrics: Record<string, number | null>;
  series: Record<string, [number, number | null][]>;
  workers: IWorker[];
  verdict: string;
  notes: string[];
  stopping: boolean;
  /** How far a sweep is; null for a run that is none. */
  sweep: ISweep | null;
}

/** What a live view shows of a sweep. */
export interface ISweep {
  study: string;
  goals: string[];
  total: number;
  done: number;
  pruned: number;
  failed: number;
  best: number | null;
  best_number: number | null;
  teams: number;
  is_paused: boolean;
}

export interface IRunDetail extends IComparedRun {
  tags: Record<string, string>;
  metric_names: string[];
  snapshot: ISnapshot;
}

export interface IRunPage {
  runs: IRun[];
  next: string | null;
}

export interface INode {
  id: string;
  name: string;
  address: string;
  cpus: number;
  gpus: number;
  memory: number;
  accelerators: string[];
  usage: INodeUsage | null;
}

/** What a node really uses. Memory in bytes. */
export interface INodeUsage {
  cpu_percent: number;
  memory_used: number;
  memory_total: number;
  gpus: { name: string; percent: number; memory_used: number; memory_total: number }[];
}

export interface ICluster {
  state: 'up' | 'down' | 'lost';
  message: string;
  address?: string;
  is_local?: boolean;
  resources: Record<string, { total: number; used: number }>;
  nodes: INode[];
  runs: ISnapshot[];
  spares?: Record<string, number>;
  /** Addresses of other clusters on the server's machine. */
  elsewhere: string[];
}

/** A Ray Job that was submitted with Ray's own tools. */
export interface IJob {
  job_id: string;
  entrypoint: string;
  state: RunState;
  message: string;
  started_at: number | null;
  ended_at: number | null;
}

/** An Optuna study, whoever made it. */
export interface IStudy {
  name: string;
  storage: string;
  storage_id: string;
  study_id: number;
  directions: string[];
  trials: Record<string, number>;
  best: number | null;
  started_at: number | null;
}

/** A run's cell: as it ran, as a Python call, as the notebook's file has it now. */
export interface ICell {
  source: string;
  python: string;
  now: string | null;
}

/** Lines of a log with their numbers, from 0; `total` counts all that there are, or that matched. */
export interface ILogPage {
  total: number;
  start: number;
  numbers: number[];
  lines: string[];
}

export interface ISeries {
  metric: string;
  count: number;
  points: [number, number | null][];
}

export interface IArtifact {
  path: string;
  type: string;
  data: string;
}

/** What the server emits on Jupyter's event bus. */
export type WorkbenchEvent = { number: number } & (
  { event: 'runs'; runs: ISnapshot[] } | { event: 'cluster'; state: 'up' | 'down' }
);
