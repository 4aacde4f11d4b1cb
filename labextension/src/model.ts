/** What the panel, the views and the status bar share: the cluster, and the active runs. */

import { Event, ServiceManager } from '@jupyterlab/services';
import { DisposableDelegate, IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import { ISignal, Signal } from '@lumino/signaling';

import { ApiError, WorkbenchApi } from './api/client';
import { LIVE_STATES } from './api/states';
import { ICluster, IJob, ISnapshot, WorkbenchEvent } from './api/types';

/** A run this young may have been submitted after the cluster answered. */
const FRESH_S = 10;
const LOOK_EVERY_MS = 5000;
const LOOK_AT_MOST_EVERY_MS = 1000;
const JOBS_EVERY_MS = 15000;
const SCHEMA = 'https://schema.jupyter-ml-workbench.dev/runs/v1';

export class WorkbenchModel implements IDisposable {
  constructor(
    readonly api: WorkbenchApi,
    private readonly events: Event.IManager
  ) {
    this.events.stream.connect(this.onEvent, this);
    this.poll = new Poll({
      auto: false,
      factory: () => this.refresh(),
      frequency: { interval: LOOK_EVERY_MS, backoff: true, max: 60_000 },
      standby: 'when-hidden',
      name: 'jupyter-ml-workbench:cluster'
    });
  }

  /** The cluster as last seen, null before the first look. */
  get cluster(): ICluster | null {
    return this._cluster;
  }

  /** Ray Jobs of the cluster, newest first. */
  get jobs(): readonly IJob[] {
    return this._jobs;
  }

  /** Why the cluster could not be looked at, or an empty string. */
  get error(): string {
    return this._error;
  }

  /** Whether a cluster is being started, joined or stopped. */
  get busy(): string {
    return this._busy;
  }

  /** Snapshots of the active runs, newest first. */
  get live(): ISnapshot[] {
    return [...this._snapshots.values()]
      .filter(snapshot => LIVE_STATES.includes(snapshot.state))
      .sort((a, b) => b.submitted_at - a.submitted_at);
  }

  /** The latest snapshot of a run that did something since the page was loaded. */
  snapshot(runId: string): ISnapshot | undefined {
    return this._snapshots.get(runId);
  }

  /** Something of the cluster changed. */
  get clusterChanged(): ISignal<this, void> {
    return this._clusterChanged;
  }

  /** These runs changed. */
  get runsChanged(): ISignal<this, ISnapshot[]> {
    return this._runsChanged;
  }

  /** Runs began, went on or ended. */
  get liveChanged(): ISignal<this, void> {
    return this._liveChanged;
  }

  /** A cluster came or went, or events were missed: what was read before may be wrong. */
  get stateChanged(): ISignal<this, void> {
    return this._stateChanged;
  }

  /** Look at the cluster now. */
  async refresh(): Promise<void> {
    try {
      const cluster = await this.api.cluster();
      this._cluster = cluster;
      this._error = '';
      this.keepOnly(cluster.runs);
      this.take(cluster.runs);
      if (cluster.state !== 'up') {
        this._jobs = [];
      } else if (Date.now() - this._jobsReadAt > JOBS_EVERY_MS) {
        this._jobsReadAt = Date.now();
        this._jobs = (await this.api.jobs().catch(() => ({ jobs: [] }))).jobs;
      }
    } catch (error) {
      this._error = (error as ApiError).message;
    }
    this._clusterChanged.emit();
  }

  /** Start the local cluster, or join one; errors are for the caller to show. */
  async start(address?: string): Promise<void> {
    await this.during(address ? 'joining' : 'starting', () => this.api.startCluster(address));
  }

  /** Stop the local cluster, or leave a joined one. */
  async stop(): Promise<void> {
    await this.during('stopping', () => this.api.stopCluster());
  }

  /** Look at the cluster now, now and then, and whenever runs change, until what is returned is disposed of. */
  watch(): IDisposable {
    this._watchers += 1;
    void this.poll.refresh();
    return new DisposableDelegate(() => {
      this._watchers -= 1;
      if (this._watchers === 0) {
        void this.poll.stop();
      }
    });
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this.events.stream.disconnect(this.onEvent, this);
    this.poll.dispose();
    Signal.clearData(this);
  }

  private async during(word: string, action: () => Promise<unknown>): Promise<void> {
    this._busy = word;
    this._clusterChanged.emit();
    try {
      await action();
    } finally {
      this._busy = '';
      await this.refresh();
    }
  }

  private onEvent(_: unknown, emission: Event.Emission): void {
    if (emission.schema_id !== SCHEMA) {
      return;
    }
    const event = emission as unknown as WorkbenchEvent;
    const missed = this._number !== 0 && event.number !== this._number + 1;
    this._number = event.number;
    if (missed) {
      // Events were lost with a connection, or with the process that sends them: read everything anew.
      void this.refresh();
      this._stateChanged.emit();
    }
    if (event.event === 'runs') {
      this.take(event.runs);
      this.lookSoon();
    } else {
      this.lost(event.state);
      void this.refresh();
    }
  }

  /** What was going on in a cluster that is gone is going on no more. */
  private lost(state: 'up' | 'down'): void {
    if (state === 'down') {
      for (const snapshot of this.live) {
        this._snapshots.delete(snapshot.run_id);
      }
      this._liveChanged.emit();
    }
    this._stateChanged.emit();
  }

  /** Runs come and go together: one look at the cluster for a burst of events. */
  private lookSoon(): void {
    if (this._looking || this._watchers === 0) {
      return;
    }
    this._looking = true;
    window.setTimeout(() => {
      this._looking = false;
      if (!this._isDisposed) {
        void this.refresh();
      }
    }, LOOK_AT_MOST_EVERY_MS);
  }

  /** Runs that the cluster no longer knows as going on have ended, though nobody told. */
  private keepOnly(runs: ISnapshot[]): void {
    const going = new Set(runs.map(run => run.run_id));
    const gone = this.live.filter(run => !going.has(run.run_id) && run.submitted_at < Date.now() / 1000 - FRESH_S);
    if (gone.length > 0) {
      gone.forEach(run => this._snapshots.delete(run.run_id));
      this._liveChanged.emit();
      this._stateChanged.emit();
    }
  }

  private take(snapshots: ISnapshot[]): void {
    if (snapshots.length === 0) {
      return;
    }
    for (const snapshot of snapshots) {
      const known = this._snapshots.get(snapshot.run_id);
      if (known?.ended_at && snapshot.submitted_at === known.submitted_at && LIVE_STATES.includes(snapshot.state)) {
        continue; // an answer that was on its way while the run ended
      }
      // What the cluster tells of its runs comes without curves: keep those that came by events.
      const series = Object.keys(snapshot.series ?? {}).length ? snapshot.series : known?.series;
      this._snapshots.set(snapshot.run_id, { ...snapshot, series: series ?? {} });
    }
    this._liveChanged.emit();
    this._runsChanged.emit(snapshots.map(one => this._snapshots.get(one.run_id)!));
  }

  private readonly poll: Poll;
  private _number = 0;
  private _jobs: IJob[] = [];
  private _jobsReadAt = 0;
  private _cluster: ICluster | null = null;
  private _error = '';
  private _busy = '';
  private _looking = false;
  private _watchers = 0;
  private _isDisposed = false;
  private readonly _snapshots = new Map<string, ISnapshot>();
  private readonly _clusterChanged = new Signal<this, void>(this);
  private readonly _stateChanged = new Signal<this, void>(this);
  private readonly _liveChanged = new Signal<this, void>(this);
  private readonly _runsChanged = new Signal<this, ISnapshot[]>(this);
}

/** The model of a page's services. */
export function createModel(services: ServiceManager.IManager): WorkbenchModel {
  return new WorkbenchModel(new WorkbenchApi(services.serverSettings), services.events);
}
