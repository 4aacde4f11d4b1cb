/** Runs as lines over parallel axes, and as points by two of their values. */

import * as React from 'react';

import type { EChartsCoreOption } from 'echarts/core';

import { color, COLORS } from '../components/chart';
import { Empty } from '../components/common';
import { escaped, SavedPlot, useThemed } from '../components/plot';
import { axes, IAxis } from './comparison';
import { ICompareTabProps } from './props';

export function ParallelTab({ runs, trans }: ICompareTabProps): JSX.Element {
  const all = React.useMemo(() => axes(runs), [runs]);
  const [left, setLeft] = React.useState<ReadonlySet<string>>(new Set());
  const shown = all.filter(axis => !left.has(key(axis)));
  const option = useThemed(
    element =>
      parallel(
        shown,
        runs.map(run => run.name),
        element
      ),
    [shown.map(key).join('\n'), runs]
  );
  if (all.length < 2) {
    return <Empty>{trans.__('Parallel coordinates need at least two params or metrics.')}</Empty>;
  }
  return (
    <>
      <fieldset className="wb-Compare-axes">
        <legend className="wb-Muted">{trans.__('Axes')}</legend>
        {all.map(axis => (
          <label key={key(axis)}>
            <input type="checkbox" checked={!left.has(key(axis))} onChange={() => setLeft(toggled(left, key(axis)))} />
            {axis.name}
          </label>
        ))}
      </fieldset>
      <SavedPlot option={option} name="parallel" trans={trans} label={trans.__('Parallel coordinates')} />
    </>
  );
}

export function ScatterTab({ runs, trans }: ICompareTabProps): JSX.Element {
  const all = React.useMemo(() => axes(runs), [runs]);
  const [xName, setX] = React.useState('');
  const [yName, setY] = React.useState('');
  const find = (name: string) => all.find(axis => key(axis) === name);
  const x = find(xName) ?? all.find(axis => axis.kind === 'param') ?? all[0];
  const y = find(yName) ?? all.find(axis => axis.kind === 'metric' && axis !== x) ?? all.find(axis => axis !== x);
  const option = useThemed(
    element =>
      x && y
        ? scatter(
            x,
            y,
            runs.map(run => run.name),
            element
          )
        : {},
    [x && key(x), y && key(y), runs]
  );
  if (!x || !y) {
    return <Empty>{trans.__('A scatter plot needs two params or metrics.')}</Empty>;
  }
  const choice = (label: string, chosen: IAxis, set: (name: string) => void) => (
    <label>
      {label}
      <select className="jp-mod-styled" value={key(chosen)} onChange={event => set(event.target.value)}>
        {all.map(axis => (
          <option key={key(axis)} value={key(axis)}>
            {axis.name}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <>
      <div className="wb-Curves-toolbar">
        {choice(trans.__('Across'), x, setX)}
        {choice(trans.__('Up'), y, setY)}
      </div>
      <SavedPlot
        option={option}
        name="scatter"
        trans={trans}
        label={trans.__('Scatter of %1 and %2', x.name, y.name)}
      />
    </>
  );
}

function key(axis: IAxis): string {
  return `${axis.kind}.${axis.name}`;
}

function toggled(set: ReadonlySet<string>, item: string): ReadonlySet<string> {
  const next = new Set(set);
  if (!next.delete(item)) {
    next.add(item);
  }
  return next;
}

function parallel(shown: IAxis[], names: string[], element: Element): EChartsCoreOption {
  const ink = color(element, '--jp-ui-font-color1');
  const line = { lineStyle: { color: color(element, '--jp-border-color1') } };
  return {
    tooltip: {},
    parallel: { left: 60, right: 80, top: 48, bottom: 24 },
    parallelAxis: shown.map((axis, dim) => ({
      dim,
      name: axis.name,
      nameTextStyle: { color: ink },
      axisLabel: { color: ink },
      axisLine: line,
      axisTick: line,
      ...(axis.categories ? { type: 'category', data: axis.categories } : { type: 'value', scale: true })
    })),
    series: names.map((name, index) => ({
      type: 'parallel',
      name,
      smooth: false,
      lineStyle: { color: color(element, COLORS[index % COLORS.length]), width: 2, opacity: 0.8 },
      emphasis: { lineStyle: { width: 4 } },
      tooltip: { formatter: () => escaped(name) },
      data: [shown.map(axis => axis.values[index] ?? '-')]
    }))
  };
}

function scatter(x: IAxis, y: IAxis, names: string[], element: Element): EChartsCoreOption {
  const ink = color(element, '--jp-ui-font-color1');
  const grid = { lineStyle: { color: color(element, '--jp-border-color3') } };
  const axis = (of: IAxis, gap: number) => ({
    name: of.name,
    nameLocation: 'middle',
    nameGap: gap,
    nameTextStyle: { color: ink },
    axisLabel: { color: ink },
    splitLine: grid,
    ...(of.categories ? { type: 'category', data: of.categories } : { type: 'value', scale: true })
  });
  return {
    tooltip: {},
    grid: { left: 70, right: 24, top: 24, bottom: 48 },
    xAxis: axis(x, 28),
    yAxis: axis(y, 48),
    series: names.map((name, index) => ({
      type: 'scatter',
      name,
      symbolSize: 12,
      itemStyle: { color: color(element, COLORS[index % COLORS.length]) },
      tooltip: {
        formatter: () => `${escaped(name)}<br>${escaped(String(x.values[index]))} · ${escaped(String(y.values[index]))}`
      },
      data: x.values[index] === null || y.values[index] === null ? [] : [[x.values[index], y.values[index]]]
    }))
  };
}
