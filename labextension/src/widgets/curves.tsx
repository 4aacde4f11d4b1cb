/** A run's metrics as curves: live while it runs, exact on zoom when it has ended. */

import * as React from 'react';

import { LIVE_STATES } from '../tokens';
import { Chart, ICurve, XAxis } from './chart';
import { Empty } from './common';
import { IRunTabProps } from './runview';

const MOST_POINTS = 2000;
const READ_EVERY_MS = 5000;

export function CurvesTab(props: IRunTabProps): JSX.Element {
  const { run, snapshot, trans } = props;
  const [isLog, setLog] = React.useState(false);
  const [smoothing, setSmoothing] = React.useState(0);
  const [x, setX] = React.useState<XAxis>('step');
  const isLive = LIVE_STATES.includes(snapshot.state);
  const names = [...new Set([...run.metric_names, ...Object.keys(snapshot.series)])].sort();
  const own = names.filter(name => !name.startsWith('system/'));
  const system = names.filter(name => name.startsWith('system/'));
  if (names.length === 0) {
    return (
      <Empty>
        {isLive
          ? trans.__('No metrics yet. In the cell, log(loss=…) draws a curve here.')
          : trans.__('This run logged no metrics. In the cell, log(loss=…) draws a curve here.')}
      </Empty>
    );
  }
  const grid = (list: string[]) => (
    <div className="wb-Curves">
      {groups(list).map(([title, members]) => (
        <Curve
          key={title}
          {...props}
          title={title}
          names={members}
          isLive={isLive}
          isLog={isLog}
          smoothing={smoothing}
          x={x}
        />
      ))}
    </div>
  );
  return (
    <>
      <div className="wb-Curves-toolbar">
        <label>
          <input type="checkbox" checked={isLog} onChange={event => setLog(event.target.checked)} />
          {trans.__('Log scale')}
        </label>
        <label>
          {trans.__('Smoothing')}
          <input
            type="range"
            min={0}
            max={0.99}
            step={0.01}
            value={smoothing}
            onChange={event => setSmoothing(Number(event.target.value))}
          />
        </label>
        <label>
          {trans.__('By')}
          <select className="jp-mod-styled" value={x} onChange={event => setX(event.target.value as XAxis)}>
            <option value="step">{trans.__('step')}</option>
            <option value="elapsed">{trans.__('time since the start')}</option>
            <option value="time">{trans.__('time of day')}</option>
          </select>
        </label>
      </div>
      {grid(own)}
      {system.length > 0 && (
        <details className="wb-System">
          <summary>{trans.__('System: CPU, memory and GPU of each worker')}</summary>
          {grid(system)}
        </details>
      )}
    </>
  );
}

/** Metrics by what they measure: the ranks' values of one thing share a plot. */
export function groups(names: string[]): [string, string[]][] {
  const found = new Map<string, string[]>();
  for (const name of names) {
    const title = name.replace(/\/rank_\d+(?=\/|$)/, '');
    found.set(title, [...(found.get(title) ?? []), name]);
  }
  return [...found];
}

interface ICurveProps extends IRunTabProps {
  title: string;
  names: string[];
  isLive: boolean;
  isLog: boolean;
  smoothing: number;
  x: XAxis;
}

function Curve(props: ICurveProps): JSX.Element {
  const { run, snapshot, model, title, names, isLive, isLog, smoothing, x } = props;
  const [range, setRange] = React.useState<[number, number] | null>(null);
  const [read, setRead] = React.useState<ICurve[]>([]);
  const [error, setError] = React.useState('');
  const began = snapshot.started_at ?? snapshot.submitted_at;
  const isStreamed = isLive && x === 'step' && names.every(name => snapshot.series[name] !== undefined);
  const due = isLive ? Math.floor(Date.now() / READ_EVERY_MS) : 0;
  const shift = x === 'elapsed' ? began : 0;
  React.useEffect(() => {
    if (isStreamed) {
      return;
    }
    let isWanted = true;
    const request = {
      x: x === 'step' ? ('step' as const) : ('time' as const),
      most: MOST_POINTS,
      start: range ? range[0] + shift : undefined,
      end: range ? range[1] + shift : undefined
    };
    Promise.all(names.map(name => model.api.series(run.run_id, name, request)))
      .then(all => {
        if (isWanted) {
          setRead(all.map(({ metric, points }) => ({ name: metric, points: points.map(([at, y]) => [at - shift, y]) })));
          setError('');
        }
      })
      .catch(problem => isWanted && setError((problem as Error).message));
    return () => {
      isWanted = false;
    };
  }, [run.run_id, names.join('\n'), x, range, isStreamed, due, shift]);
  const curves = isStreamed ? names.map(name => ({ name, points: snapshot.series[name] })) : read;
  if (error) {
    return <Empty isError>{title}: {error}</Empty>;
  }
  return (
    <Chart
      title={title}
      curves={curves}
      isTime={x === 'time'}
      isLog={isLog}
      smoothing={smoothing}
      onZoom={isLive ? undefined : setRange}
    />
  );
}
