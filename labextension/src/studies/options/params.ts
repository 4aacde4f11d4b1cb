/** Plots of a study over its swept parameters. */

import type { EChartsCoreOption } from 'echarts/core';

import { color } from '../../components/chart';
import { number } from '../../components/format';
import { complete, IStudyData, surface } from '../study';
import {
  axis,
  base,
  continuous,
  hover,
  ICustomApi,
  paramAxis,
  paramScale,
  place,
  shades,
  sharer,
  size
} from './scales';

const GRID = 32;

/** Plot a goal by one parameter; later trials are darker. */
export function slice(study: IStudyData, name: string, goal: number, element: Element): EChartsCoreOption {
  const trials = complete(study, goal).filter(trial => name in trial.params);
  const last = study.trials[study.trials.length - 1]?.number ?? 1;
  return {
    ...base(element),
    grid: { left: 58, right: 12, top: 12, bottom: 40 },
    xAxis: paramAxis(study, name, 24, element),
    yAxis: { ...axis(study.goals[goal], 44, element), type: 'value' },
    visualMap: { ...shades(0, Math.max(1, last), element), dimension: 2, show: false },
    series: [
      {
        type: 'scatter',
        symbolSize: size(trials.length),
        tooltip: { formatter: hover(study) },
        data: trials.map(trial => [place(study, name, trial), trial.values[goal], trial.number])
      }
    ]
  };
}

/** Plot each trial as a line over its parameters and its goal. */
export function parallel(study: IStudyData, goal: number, element: Element): EChartsCoreOption {
  const names = Object.keys(study.kinds).sort();
  const trials = complete(study, goal);
  const ink = color(element, '--jp-ui-font-color1');
  const line = { lineStyle: { color: color(element, '--jp-border-color1') } };
  const of = (dim: number, name: string, more: object) => ({
    dim,
    name,
    nameTextStyle: { color: ink },
    axisLabel: { color: ink },
    axisLine: line,
    axisTick: line,
    ...more
  });
  const values = trials.map(trial => trial.values[goal]!);
  return {
    tooltip: {},
    parallel: { left: 60, right: 90, top: 48, bottom: 24 },
    parallelAxis: [
      of(0, study.goals[goal], { type: 'value', scale: true }),
      ...names.map((name, index) => of(index + 1, name, paramScale(study, name)))
    ],
    visualMap: { ...shades(Math.min(...values), Math.max(...values), element), dimension: 0, show: false },
    series: [
      {
        type: 'parallel',
        smooth: false,
        lineStyle: { width: 1.5, opacity: trials.length > 500 ? 0.25 : 0.6 },
        emphasis: { lineStyle: { width: 4, opacity: 1 } },
        tooltip: { formatter: hover(study) },
        data: trials.map(trial => [
          trial.values[goal],
          ...names.map(name => place(study, name, trial) ?? '-'),
          trial.number
        ])
      }
    ]
  };
}

/** Plot a goal over two parameters: interpolated shades, with the trials as dots. */
export function contour(study: IStudyData, x: string, y: string, goal: number, element: Element): EChartsCoreOption {
  const trials = complete(study, goal).filter(trial => x in trial.params && y in trial.params);
  const share = { x: sharer(study, x), y: sharer(study, y) };
  const points = trials.map((trial): [number, number, number] => [
    share.x.of(trial),
    share.y.of(trial),
    trial.values[goal]!
  ]);
  const rows = points.length > 1 ? surface(points, GRID) : [];
  const cells = rows.flatMap((row, j) => row.map((value, i) => [i, j, value]));
  const values = points.map(point => point[2]).sort((a, b) => a - b);
  return {
    ...base(element),
    grid: { left: 64, right: 96, top: 12, bottom: 44 },
    xAxis: continuous(study, x, 26, element),
    yAxis: continuous(study, y, 46, element),
    visualMap: {
      ...shades(values[0] ?? 0, values[Math.floor(0.95 * (values.length - 1))] ?? 1, element),
      seriesIndex: 0,
      dimension: 2,
      right: 0,
      top: 'middle',
      text: [number(values[values.length - 1] ?? null), number(values[0] ?? null)],
      textStyle: { color: color(element, '--jp-ui-font-color1') }
    },
    series: [
      {
        type: 'custom',
        silent: true,
        data: cells,
        renderItem: (_: unknown, api: ICustomApi) => {
          const [i, j] = [api.value(0), api.value(1)];
          const low = api.coord([share.x.at(i / GRID), share.y.at(j / GRID)]);
          const high = api.coord([share.x.at((i + 1) / GRID), share.y.at((j + 1) / GRID)]);
          const shape = { x: low[0], y: high[1], width: high[0] - low[0] + 0.6, height: low[1] - high[1] + 0.6 };
          return { type: 'rect', shape, style: { fill: api.visual('color') } };
        }
      },
      {
        type: 'scatter',
        symbolSize: size(trials.length),
        itemStyle: {
          color: color(element, '--jp-layout-color1'),
          borderColor: color(element, '--jp-ui-font-color1'),
          borderWidth: 1
        },
        tooltip: { formatter: hover(study) },
        data: trials.map(trial => [share.x.at(share.x.of(trial)), share.y.at(share.y.of(trial)), trial.number])
      }
    ]
  };
}
