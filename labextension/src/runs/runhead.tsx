/** The head of a run's view: state, progress, failure and actions. */

import * as React from 'react';

import { ellipsesIcon } from '@jupyterlab/ui-components';

import { LIVE_STATES } from '../api/states';
import { CommandIDs } from '../commandids';
import { StateDot } from '../components/common';
import { duration } from '../components/format';
import { IRunTabProps } from './props';
import { openRunMenu } from './runmenu';

export function Head(props: IRunTabProps): JSX.Element {
  const { run, snapshot, trans } = props;
  const isLive = LIVE_STATES.includes(snapshot.state);
  const [, tick] = React.useReducer((count: number) => count + 1, 0);
  React.useEffect(() => {
    if (!isLive) {
      return;
    }
    const timer = window.setInterval(tick, 1000);
    return () => window.clearInterval(timer);
  }, [isLive]);
  const began = snapshot.started_at ?? snapshot.submitted_at;
  const took = began ? (snapshot.ended_at ?? Date.now() / 1000) - began : null;
  const progress = snapshot.progress;
  return (
    <header className="wb-Head">
      <div className="wb-Head-line">
        <StateDot state={snapshot.state} label={snapshot.state} />
        <h2>{run.name}</h2>
        <span className={`wb-Chip wb-mod-${snapshot.state}`}>{snapshot.state}</span>
        <span className="wb-Muted">
          {run.experiment}
          {run.workers && ` · ${trans._n('%1 worker', '%1 workers', Number(run.workers))}`}
          {took !== null && ` · ${duration(took)}`}
        </span>
        <Actions {...props} />
      </div>
      {isLive && progress && (
        <div className="wb-Progress">
          <progress
            max={progress.total ?? undefined}
            value={progress.total ? progress.done : undefined}
            aria-label={progress.label || trans.__('Progress')}
          />
          <span className="wb-Muted">
            {progress.label} {progress.done}
            {progress.total ? ` / ${progress.total}` : ''}
            {progress.eta_s !== null && ` · ${trans.__('%1 left', duration(progress.eta_s))}`}
          </span>
        </div>
      )}
      {snapshot.waiting && (
        <p className="wb-Note">
          {trans.__('Waiting: needs %1; %2', snapshot.waiting.needs, snapshot.waiting.free)}
          {snapshot.waiting.held_by.length > 0 && ` (${snapshot.waiting.held_by.join(', ')})`}
        </p>
      )}
      {snapshot.failure && (
        <div className="wb-Failure" role="alert">
          <p>{snapshot.failure.message}</p>
          {snapshot.failure.traceback && <pre>{snapshot.failure.traceback}</pre>}
          {snapshot.failure.fix && <p className="wb-Muted">{snapshot.failure.fix}</p>}
        </div>
      )}
      {snapshot.verdict && <p className="wb-Note">{snapshot.verdict}</p>}
      {snapshot.notes.map(note => (
        <p key={note} className="wb-Note">
          {note}
        </p>
      ))}
    </header>
  );
}

function Actions({ run, snapshot, commands, trans }: IRunTabProps): JSX.Element {
  const [busy, setBusy] = React.useState('');
  const isLive = LIVE_STATES.includes(snapshot.state);
  const isOurs = run.source === 'workbench';
  const does = async (command: string) => {
    setBusy(command);
    await commands.execute(command, { runId: run.run_id });
    setBusy('');
  };
  return (
    <span className="wb-Head-actions">
      {run.cell_id && (
        <button
          className="jp-mod-styled"
          onClick={() => void commands.execute(CommandIDs.goToCell, { cellId: run.cell_id, notebook: run.notebook })}
        >
          {trans.__('Go to its cell')}
        </button>
      )}
      {isOurs && isLive && (
        <button
          className="jp-mod-styled jp-mod-warn"
          disabled={busy !== '' || snapshot.stopping}
          onClick={() => void does(CommandIDs.stopRun)}
        >
          {snapshot.stopping || busy ? trans.__('Stopping…') : trans.__('Stop')}
        </button>
      )}
      {isOurs && (snapshot.state === 'failed' || snapshot.state === 'stopped') && (
        <button className="jp-mod-styled" disabled={busy !== ''} onClick={() => void does(CommandIDs.resumeRun)}>
          {trans.__('Resume')}
        </button>
      )}
      {isOurs && !isLive && (
        <button className="jp-mod-styled" disabled={busy !== ''} onClick={() => void does(CommandIDs.runAgain)}>
          {trans.__('Run again')}
        </button>
      )}
      {snapshot.state === 'finished' && (
        <button
          className="jp-mod-styled"
          onClick={() =>
            void commands.execute(CommandIDs.publish, { source: run.run_id, title: run.name, name: run.name })
          }
        >
          {trans.__('Publish…')}
        </button>
      )}
      <button
        className="wb-IconButton"
        aria-label={trans.__('More')}
        aria-haspopup="menu"
        title={trans.__('More')}
        onClick={event => openRunMenu(commands, { ...run, state: snapshot.state }, event.currentTarget)}
      >
        <ellipsesIcon.react tag="span" />
      </button>
    </span>
  );
}
