/** A run's metrics as curves: live while it runs, exact on zoom when it has ended. */

import * as React from 'react';

import { LIVE_STATES } from '../api/states';
import { Chart } from '../components/chart';
import { Empty } from '../components/common';
import { ICurve } from '../components/curves';
import { CurvesToolbar, DEFAULT_CURVES, ICurveSettings } from '../components/curvestoolbar';
import { useSeries } from '../components/series';
import { IRunTabProps } from './props';

export function CurvesTab(props: IRunTabProps): JSX.Element {
  const { run, snapshot, trans } = props;
  const [settings, setSettings] = React.useState<ICurveSettings>(DEFAULT_CURVES);
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
  const grid = (list: string[], drawn: ICurveSettings) => (
    <div className="wb-Curves">
      {groups(list).map(([title, members]) => (
        <Curve key={title} {...props} title={title} names={members} isLive={isLive} settings={drawn} />
      ))}
    </div>
  );
  // System metrics are sampled by time: they cannot be drawn over the values of another metric.
  const systemSettings = settings.x.startsWith('metrics.') ? { ...settings, x: 'elapsed' } : settings;
  return (
    <>
      <CurvesToolbar settings={settings} onChange={setSettings} metrics={own} trans={trans} />
      {grid(own, settings)}
      {system.length > 0 && (
        <details className="wb-System">
          <summary>{trans.__('System: CPU, memory and GPU of each worker')}</summary>
          {grid(system, systemSettings)}
        </details>
      )}
    </>
  );
}

/** Group metrics by what they measure: the values of all ranks share a plot. */
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
  settings: ICurveSettings;
}

function Curve(props: ICurveProps): JSX.Element {
  const { run, snapshot, model, title, names, isLive, settings } = props;
  const [range, setRange] = React.useState<[number, number] | null>(null);
  const isStreamed = isLive && settings.x === 'step' && names.every(name => snapshot.series[name] !== undefined);
  const began = snapshot.started_at ?? snapshot.submitted_at;
  const wanted = isStreamed ? [] : names.map(metric => ({ runId: run.run_id, metric, label: metric, began }));
  const { curves: read, error } = useSeries(model, wanted, settings.x, range, isLive);
  const curves: ICurve[] = isStreamed ? names.map(name => ({ name, points: snapshot.series[name] })) : read;
  if (error) {
    return (
      <Empty isError>
        {title}: {error}
      </Empty>
    );
  }
  return (
    <Chart
      title={title}
      curves={curves}
      xLabel={settings.x}
      isLog={settings.isLog}
      smoothing={settings.smoothing}
      onZoom={isLive ? undefined : setRange}
    />
  );
}
