/** The list of runs: pages from the server, kept up to date by events. */

import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { ApiError } from '../api/client';
import { IRun, ISnapshot } from '../api/types';
import { WorkbenchModel } from '../model';

const PAGE = 100;

/** The runs to list: all, those of the current notebook, or those of an experiment. */
export type RunScope = { kind: 'all' | 'notebook' } | { kind: 'experiment'; name: string };

/** The filters and the order of the list. */
export interface IRunChoices {
  query: string;
  states: string[];
  scope: RunScope;
  orderBy: string;
}

export class RunList implements IDisposable {
  constructor(private readonly workbench: WorkbenchModel) {
    workbench.runsChanged.connect(this.onRuns, this);
    workbench.stateChanged.connect(this.onState, this);
  }

  query = '';
  states: string[] = [];
  scope: RunScope = { kind: 'all' };
  orderBy = '-start';

  /** The filters and the order as JSON, to restore them after a reload. */
  get choices(): IRunChoices {
    return { query: this.query, states: this.states, scope: this.scope, orderBy: this.orderBy };
  }

  /** Apply saved filters; those that are missing stay as they are. */
  choose(kept: Partial<IRunChoices>): void {
    Object.assign(this, {
      query: kept.query ?? this.query,
      states: kept.states ?? this.states,
      scope: kept.scope ?? this.scope,
      orderBy: kept.orderBy ?? this.orderBy
    });
    this._changed.emit();
  }

  /** The path of the current notebook below the server's folder; an empty string for none. */
  get notebook(): string {
    return this._notebook;
  }

  set notebook(path: string) {
    if (path !== this._notebook) {
      this._notebook = path;
      if (this.scope.kind === 'notebook') {
        void this.refresh();
      }
    }
  }

  /** Names of all experiments, as last read. */
  get experiments(): readonly string[] {
    return this._experiments;
  }

  get rows(): readonly IRun[] {
    return this._rows;
  }

  get error(): string {
    return this._error;
  }

  get loading(): boolean {
    return this._loading;
  }

  /** Whether more runs match than were read. */
  get hasMore(): boolean {
    return this._next !== null;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Read the first page again. */
  async refresh(): Promise<void> {
    void this.workbench.api
      .experiments()
      .then(({ experiments }) => {
        this._experiments = experiments;
        this._changed.emit();
      })
      .catch(() => undefined); // the list itself says what is wrong
    await this.read(undefined);
  }

  /** Read the next page, unless a read is in progress. */
  async more(): Promise<void> {
    if (!this._loading && this._next !== null) {
      await this.read(this._next);
    }
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    Signal.clearData(this);
  }

  private async read(token: string | undefined): Promise<void> {
    const turn = ++this._turn;
    this._loading = true;
    this._changed.emit();
    try {
      const page = await this.workbench.api.runs({
        query: this.query,
        states: this.states,
        experiment: this.scope.kind === 'experiment' ? this.scope.name : '',
        notebook: this.scope.kind === 'notebook' ? this._notebook : '',
        orderBy: this.orderBy,
        limit: PAGE,
        after: token
      });
      if (turn !== this._turn) {
        return;
      }
      this._rows = token ? [...this._rows, ...page.runs] : page.runs;
      this._next = page.next;
      this._error = '';
    } catch (error) {
      if (turn !== this._turn) {
        return;
      }
      this._error = (error as ApiError).message;
    }
    this._loading = false;
    this._changed.emit();
  }

  /** Runs end with their cluster, and no event tells of each. */
  private onState(): void {
    void this.refresh();
  }

  private onRuns(_: unknown, snapshots: ISnapshot[]): void {
    let isNew = false;
    for (const snapshot of snapshots) {
      const index = this._rows.findIndex(row => row.run_id === snapshot.run_id);
      if (index < 0) {
        isNew = true;
        continue;
      }
      this._rows = this._rows.with(index, {
        ...this._rows[index],
        state: snapshot.state,
        metrics: { ...this._rows[index].metrics, ...snapshot.metrics },
        started_at: snapshot.started_at ?? this._rows[index].started_at,
        ended_at: snapshot.ended_at,
        failure: snapshot.failure
      });
    }
    if (isNew && !this._loading) {
      void this.refresh();
    }
    this._changed.emit();
  }

  private _notebook = '';
  private _experiments: string[] = [];
  private _rows: IRun[] = [];
  private _next: string | null = null;
  private _error = '';
  private _loading = false;
  private _turn = 0;
  private _isDisposed = false;
  private readonly _changed = new Signal<this, void>(this);
}
