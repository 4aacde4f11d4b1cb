/** A run as a row of the sidebar's list. */

import * as React from 'react';

import { TranslationBundle } from '@jupyterlab/translation';

import { IRun, RunState } from '../api/types';
import { StateDot } from '../components/common';
import { ago, duration, number } from '../components/format';

interface IRowProps {
  run: IRun;
  top: number;
  height: number;
  isSelected: boolean;
  isActive: boolean;
  orderBy: string;
  trans: TranslationBundle;
  onClick: (event: React.MouseEvent) => void;
  onContextMenu: (event: React.MouseEvent) => void;
}

/** The metric to show in a row: the one that the list is sorted by, else the first. */
function shownMetric(run: IRun, orderBy: string): [string, number | null] | undefined {
  const wanted = orderBy.replace(/^-?metrics\./, '');
  if (wanted in run.metrics) {
    return [wanted, run.metrics[wanted]];
  }
  return Object.entries(run.metrics).find(([name]) => !name.includes('/'));
}

export function RunRow(props: IRowProps): JSX.Element {
  const { run, trans } = props;
  const metric = shownMetric(run, props.orderBy);
  const words: Record<RunState, string> = {
    queued: trans.__('queued'),
    starting: trans.__('starting'),
    running: trans.__('running'),
    finished: trans.__('finished'),
    failed: trans.__('failed'),
    stopped: trans.__('stopped')
  };
  const took = run.started_at && run.ended_at ? duration(run.ended_at - run.started_at) : words[run.state];
  return (
    <div
      id={`wb-run-${run.run_id}`}
      className={`wb-Run${props.isSelected ? ' wb-mod-selected' : ''}${props.isActive ? ' wb-mod-active' : ''}`}
      role="option"
      aria-selected={props.isSelected}
      style={{ transform: `translateY(${props.top}px)`, height: props.height }}
      title={run.failure ? run.failure.message : run.name}
      onClick={props.onClick}
      onContextMenu={props.onContextMenu}
    >
      <StateDot state={run.state} label={words[run.state]} />
      <div className="wb-Run-main">
        <div className="wb-Run-name">{run.name}</div>
        <div className="wb-Run-line">
          {run.experiment} · {run.started_at ? ago(run.started_at) : ''} · {took}
        </div>
      </div>
      {metric && (
        <div className="wb-Run-metric" title={metric[0]}>
          <div>{number(metric[1])}</div>
          <div className="wb-Run-line">{metric[0]}</div>
        </div>
      )}
    </div>
  );
}
