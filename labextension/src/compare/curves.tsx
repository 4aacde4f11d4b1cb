/** The curves of all runs, one plot per metric. */

import * as React from 'react';

import { LIVE_STATES } from '../api/states';
import { Chart, color } from '../components/chart';
import { Empty } from '../components/common';
import { CurvesToolbar, DEFAULT_CURVES, ICurveSettings } from '../components/curvestoolbar';
import { download, pictureOf } from '../components/download';
import { useSeries } from '../components/series';
import { isOfRank } from './comparison';
import { ICompareTabProps } from './props';

export function CompareCurves({ runs, model, trans }: ICompareTabProps): JSX.Element {
  const [settings, setSettings] = React.useState<ICurveSettings>(DEFAULT_CURVES);
  const grid = React.useRef<HTMLDivElement>(null);
  const metrics = [...new Set(runs.flatMap(run => Object.keys(run.metrics)))].filter(name => !isOfRank(name)).sort();
  if (metrics.length === 0) {
    return <Empty>{trans.__('None of these runs logged metrics.')}</Empty>;
  }
  const save = () => {
    const canvases = [...grid.current!.querySelectorAll('canvas')];
    const ground = color(grid.current!, '--jp-layout-color1');
    download('curves.png', pictureOf(canvases, metrics, ground, color(grid.current!, '--jp-ui-font-color1')));
  };
  return (
    <>
      <CurvesToolbar settings={settings} onChange={setSettings} metrics={metrics} trans={trans}>
        <button className="jp-mod-styled" onClick={save}>
          {trans.__('Save as PNG')}
        </button>
      </CurvesToolbar>
      <div className="wb-Curves" ref={grid}>
        {metrics.map(metric => (
          <Overlay key={metric} metric={metric} runs={runs} model={model} trans={trans} settings={settings} />
        ))}
      </div>
    </>
  );
}

function Overlay(props: ICompareTabProps & { metric: string; settings: ICurveSettings }): JSX.Element {
  const { runs, model, metric, settings } = props;
  const [range, setRange] = React.useState<[number, number] | null>(null);
  const wanted = runs.flatMap((run, index) =>
    metric in run.metrics
      ? [{ runId: run.run_id, metric, label: run.name, began: run.started_at ?? 0, color: index }]
      : []
  );
  const isLive = runs.some(run => LIVE_STATES.includes(run.state));
  const { curves, error } = useSeries(model, wanted, settings.x, range, isLive);
  if (error) {
    return (
      <Empty isError>
        {metric}: {error}
      </Empty>
    );
  }
  return (
    <Chart
      title={metric}
      curves={curves}
      xLabel={settings.x}
      isLog={settings.isLog}
      smoothing={settings.smoothing}
      height={200}
      onZoom={isLive ? undefined : setRange}
    />
  );
}
