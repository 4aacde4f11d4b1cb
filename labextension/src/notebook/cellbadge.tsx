/** Below a train cell: its last run in one line, live while it goes on. */

import * as React from 'react';

import { ReactWidget, stopIcon } from '@jupyterlab/ui-components';
import { TranslationBundle } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';

import { LIVE_STATES } from '../api/states';
import { IRun, ISnapshot } from '../api/types';
import { CommandIDs } from '../commandids';
import { StateDot } from '../components/common';
import { ago, duration, number } from '../components/format';
import { WorkbenchModel } from '../model';

const MOST_METRICS = 3;

export class CellBadge extends ReactWidget {
  constructor(
    private readonly model: WorkbenchModel,
    private readonly commands: CommandRegistry,
    private readonly trans: TranslationBundle,
    private readonly onAttach: (run: IRun) => void
  ) {
    super();
    this.addClass('wb-CellBadge');
    this.hide();
    model.runsChanged.connect(this.onRuns, this);
  }

  /** The last run of the cell, null for none. */
  get run(): IRun | null {
    return this._run;
  }

  set run(run: IRun | null) {
    this._run = run;
    this.setHidden(run === null);
    this.update();
  }

  dispose(): void {
    this.model.runsChanged.disconnect(this.onRuns, this);
    super.dispose();
  }

  render(): JSX.Element | null {
    return (
      this._run && (
        <Badge
          run={this._run}
          snapshot={this.model.snapshot(this._run.run_id)}
          commands={this.commands}
          trans={this.trans}
          onAttach={this.onAttach}
        />
      )
    );
  }

  private onRuns(_: unknown, snapshots: ISnapshot[]): void {
    if (snapshots.some(snapshot => snapshot.run_id === this._run?.run_id)) {
      this.update();
    }
  }

  private _run: IRun | null = null;
}

interface IBadgeProps {
  run: IRun;
  snapshot: ISnapshot | undefined;
  commands: CommandRegistry;
  trans: TranslationBundle;
  onAttach: (run: IRun) => void;
}

function Badge({ run, snapshot, commands, trans, onAttach }: IBadgeProps): JSX.Element {
  const state = snapshot?.state ?? run.state;
  const isLive = LIVE_STATES.includes(state);
  const [, tick] = React.useReducer((count: number) => count + 1, 0);
  React.useEffect(() => {
    const timer = window.setInterval(tick, isLive ? 1000 : 30_000);
    return () => window.clearInterval(timer);
  }, [isLive]);
  const metrics = Object.entries({ ...run.metrics, ...snapshot?.metrics })
    .filter(([name]) => !name.includes('/'))
    .slice(0, MOST_METRICS);
  const began = snapshot?.started_at ?? run.started_at;
  const ended = snapshot?.ended_at ?? run.ended_at;
  const progress = snapshot?.progress;
  const parts: string[] = [];
  if (isLive && progress?.total) {
    parts.push(`${Math.round((100 * progress.done) / progress.total)} %`);
    if (progress.eta_s !== null) {
      parts.push(trans.__('%1 left', duration(progress.eta_s)));
    }
  } else if (isLive && snapshot?.waiting) {
    parts.push(trans.__('waiting: needs %1', snapshot.waiting.needs));
  } else if (began) {
    parts.push(duration((ended ?? Date.now() / 1000) - began));
  }
  if (!isLive && ended) {
    parts.push(ago(ended));
  }
  parts.push(...metrics.map(([name, value]) => `${name} ${number(value)}`));
  const failure = snapshot?.failure ?? run.failure;
  return (
    <>
      <StateDot state={state} label={state} />
      <button
        className="wb-Link"
        title={failure?.message ?? trans.__('Open run %1', run.name)}
        onClick={() => void commands.execute(CommandIDs.openRun, { runId: run.run_id, name: run.name })}
      >
        {run.name}
      </button>
      <span className="wb-CellBadge-state">{state}</span>
      <span className="wb-Muted">{parts.join(' · ')}</span>
      {isLive && progress?.total && (
        <progress max={progress.total} value={progress.done} aria-label={trans.__('Progress')} />
      )}
      {isLive && (
        <>
          <button
            className="wb-IconButton"
            aria-label={trans.__('Stop run %1', run.name)}
            title={trans.__('Stop run %1', run.name)}
            disabled={snapshot?.stopping}
            onClick={() => void commands.execute(CommandIDs.stopRun, { runId: run.run_id })}
          >
            <stopIcon.react tag="span" />
          </button>
          <button
            className="wb-Link"
            title={trans.__('Watch it below this cell again, and return its values to the kernel')}
            onClick={() => onAttach(run)}
          >
            {trans.__('Attach')}
          </button>
        </>
      )}
    </>
  );
}
