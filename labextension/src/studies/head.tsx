/** The head of a study's view: its counts, its best trial, and the actions on its sweep. */

import * as React from 'react';

import { LIVE_STATES } from '../api/states';
import { TrialState } from '../api/studytypes';
import { RunState } from '../api/types';
import { CommandIDs } from '../commandids';
import { StateDot } from '../components/common';
import { ago, duration, number } from '../components/format';
import { IStudyTabProps } from './props';
import { best, counts, front, shown } from './study';

const DOTS: Record<TrialState, RunState> = {
  complete: 'finished',
  pruned: 'stopped',
  fail: 'failed',
  running: 'running',
  waiting: 'queued'
};

/** The state of a trial as a dot, in the colour of the matching state of a run. */
export function TrialDot({ state, label }: { state: TrialState; label: string }): JSX.Element {
  return <StateDot state={DOTS[state]} label={label} />;
}

export function StudyHead(props: IStudyTabProps & { error: string; onChange: () => unknown }): JSX.Element {
  const { study, place, model, commands, trans, onPick } = props;
  const [error, setError] = React.useState('');
  const live = study.run ? model.snapshot(study.run.run_id) : undefined;
  const state = live?.state ?? study.run?.state;
  const isLive = state !== undefined && LIVE_STATES.includes(state);
  const isPaused = isLive && (live?.sweep?.is_paused ?? false);
  // The head renders with every event of a run; the study changes less often.
  const [found, byState, unbeaten] = React.useMemo(
    () => [best(study), counts(study), study.directions.length > 1 ? front(study).size : 0],
    [study]
  );
  const words: Record<TrialState, string> = {
    complete: trans.__('complete'),
    running: trans.__('running'),
    pruned: trans.__('pruned'),
    fail: trans.__('failed'),
    waiting: trans.__('waiting')
  };
  const does = (action: Promise<unknown>) =>
    action
      .then(() => setError(''))
      .catch(problem => setError((problem as Error).message))
      .then(props.onChange);
  const total = live?.sweep?.total;
  const progress = live?.progress;
  const started = study.trials.find(trial => trial.started !== null)?.started;
  return (
    <header className="wb-Head">
      <div className="wb-Head-line">
        {state && <StateDot state={state} label={state} />}
        <h2>{study.name}</h2>
        {state && (
          <span className={`wb-Chip wb-mod-${isPaused ? 'queued' : state}`}>
            {isPaused ? trans.__('paused') : state}
          </span>
        )}
        <span className="wb-Muted">
          {study.goals
            .map((goal, index) => `${study.directions[index] === 'maximize' ? 'max' : 'min'} ${goal}`)
            .join(', ')}
          {started ? ` · ${ago(started)}` : ''}
        </span>
        <span className="wb-Head-actions">
          {isLive && (
            <button className="jp-mod-styled" onClick={() => void does(model.api.pause(study.run!.run_id, !isPaused))}>
              {isPaused ? trans.__('Resume') : trans.__('Pause')}
            </button>
          )}
          {isLive && (
            <button className="jp-mod-styled jp-mod-warn" onClick={() => void does(model.api.stop(study.run!.run_id))}>
              {trans.__('Stop')}
            </button>
          )}
          {study.run && (
            <button
              className="jp-mod-styled"
              onClick={() => void commands.execute(CommandIDs.openRun, { runId: study.run!.run_id, name: study.name })}
            >
              {trans.__('Open its run')}
            </button>
          )}
          <button
            className="jp-mod-styled"
            onClick={() =>
              void commands.execute(CommandIDs.openDashboard, {
                name: `optuna-${place.storage}`,
                path: `dashboard/studies/${place.study}`,
                title: study.name
              })
            }
          >
            {trans.__('Optuna Dashboard')}
          </button>
        </span>
      </div>
      {isLive && total !== undefined && (
        <div className="wb-Progress">
          <progress max={total} value={live!.sweep!.done} aria-label={trans.__('Trials')} />
          <span className="wb-Muted">
            {live!.sweep!.done} / {total}
            {progress?.eta_s && !isPaused ? ` · ${trans.__('%1 left', duration(progress.eta_s))}` : ''}
          </span>
        </div>
      )}
      <div className="wb-Study-counts">
        {(Object.entries(byState) as [TrialState, number][])
          .filter(([, count]) => count > 0)
          .map(([kind, count]) => (
            <span key={kind}>
              <TrialDot state={kind} label={words[kind]} />
              {count} {words[kind]}
            </span>
          ))}
      </div>
      {found && (
        <div className="wb-Study-best">
          <span className="wb-Muted">{trans.__('Best')}</span>
          <strong>{number(found.values[0])}</strong>
          <button className="wb-Link" onClick={() => onPick(found.number)}>
            {trans.__('trial %1', found.number)}
          </button>
          {Object.entries(found.params).map(([name, value]) => (
            <span key={name} className="wb-Chip">
              {name} <b>{shown(value)}</b>
            </span>
          ))}
          {study.run?.cell_id && (
            <button
              className="jp-mod-styled jp-mod-accept"
              title={trans.__('Write these values into the sweep’s cell, to train with them')}
              onClick={() =>
                void commands.execute(CommandIDs.trainWith, { runId: study.run!.run_id, params: found.params })
              }
            >
              {trans.__('Train with these')}
            </button>
          )}
        </div>
      )}
      {study.directions.length > 1 && (
        <p className="wb-Note">{trans._n('%1 trial on the Pareto front', '%1 trials on the Pareto front', unbeaten)}</p>
      )}
      {(props.error || error) && (
        <p className="wb-Note wb-mod-error" role="alert">
          {props.error || error}
        </p>
      )}
    </header>
  );
}
