/** Plots of a study as options of ECharts. The last number of each item is its trial's, for a click on it. */

import type { EChartsCoreOption } from 'echarts/core';

import { ICurveOfTrial, TrialState } from '../api/studytypes';
import { color } from '../components/chart';
import { number } from '../components/format';
import { escaped } from '../components/plot';
import { climb, complete, front, isNumber, IStudyData, ITrial, shown, surface } from './study';

const GRID = 32;

/** Colours of trials by state. */
export const STATE_COLORS: Record<TrialState, string> = {
  complete: '--jp-success-color1',
  pruned: '--jp-warn-color1',
  fail: '--jp-error-color1',
  running: '--jp-brand-color1',
  waiting: '--jp-border-color1'
};

/** Values of a goal by trial, and the best so far. */
export function history(study: IStudyData, goal: number, isLog: boolean, element: Element): EChartsCoreOption {
  const trials = complete(study, goal).filter(trial => !isLog || trial.values[goal]! > 0);
  const steps = climb(study, goal).filter(step => !isLog || step[1] > 0);
  const last = study.trials[study.trials.length - 1]?.number ?? 0;
  if (steps.length) {
    steps.push([last, steps[steps.length - 1][1]]);
  }
  return {
    ...base(element),
    xAxis: { ...axis('trial', 28, element), type: 'value', min: 0, max: Math.max(1, last), minInterval: 1 },
    yAxis: { ...axis(study.goals[goal], 52, element), type: isLog ? 'log' : 'value' },
    dataZoom: [{ type: 'inside', filterMode: 'none' }],
    series: [
      {
        type: 'scatter',
        symbolSize: size(trials.length),
        itemStyle: { color: color(element, '--jp-brand-color1'), opacity: 0.55 },
        tooltip: { formatter: hover(study) },
        data: trials.map(trial => [trial.number, trial.values[goal], trial.number]),
        large: trials.length > 4000
      },
      {
        type: 'line',
        step: 'end',
        symbol: 'none',
        lineStyle: { color: color(element, '--jp-warn-color1'), width: 2 },
        data: steps,
        silent: true
      }
    ]
  };
}

/** How much each swept name matters. */
export function importances(found: Record<string, number>, element: Element): EChartsCoreOption {
  const names = Object.keys(found).reverse();
  return {
    ...base(element),
    grid: { left: 12, right: 56, top: 8, bottom: 12, containLabel: true },
    xAxis: { ...axis('', 0, element), type: 'value', min: 0 },
    yAxis: { ...axis('', 0, element), type: 'category', data: names, splitLine: { show: false } },
    series: [
      {
        type: 'bar',
        barMaxWidth: 22,
        itemStyle: { color: color(element, '--jp-brand-color1') },
        label: {
          show: true,
          position: 'right',
          color: color(element, '--jp-ui-font-color1'),
          formatter: (item: { value: number }) => `${Math.round(100 * item.value)} %`
        },
        data: names.map(name => found[name])
      }
    ]
  };
}

/** Values of a goal by one swept name; later trials are darker. */
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

/** Each trial as a line over its swept values and its goals. */
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

/** A goal over two swept names: shades between the trials, which are dots. */
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

/** What trials reported, by step. */
export function curves(study: IStudyData, found: ICurveOfTrial[], element: Element): EChartsCoreOption {
  return {
    ...base(element),
    xAxis: { ...axis('step', 28, element), type: 'value' },
    yAxis: { ...axis(study.goals[0], 52, element), type: 'value' },
    dataZoom: [{ type: 'inside', filterMode: 'none' }],
    series: found.map(curve => ({
      type: 'line',
      showSymbol: curve.points.length < 2,
      symbolSize: 6,
      triggerLineEvent: true,
      lineStyle: {
        color: color(element, STATE_COLORS[curve.state]),
        width: curve.state === 'running' ? 2.5 : 1.2,
        opacity: 0.7
      },
      itemStyle: { color: color(element, STATE_COLORS[curve.state]) },
      emphasis: { lineStyle: { width: 3, opacity: 1 } },
      tooltip: {
        formatter: (item: { data: number[] }) =>
          `trial ${curve.number}<br>step ${item.data[0]}: ${number(item.data[1])}`
      },
      data: curve.points.map(([step, value]) => [step, value, curve.number])
    }))
  };
}

/** Two goals against each other; those that no other trial beats stand out. */
export function pareto(study: IStudyData, x: number, y: number, element: Element): EChartsCoreOption {
  const best = front(study);
  const trials = complete(study, x).filter(trial => isNumber(trial.values[y]));
  const points = (list: ITrial[]) => list.map(trial => [trial.values[x], trial.values[y], trial.number]);
  const series = (list: ITrial[], variable: string, opacity: number, diameter: number) => ({
    type: 'scatter',
    symbolSize: diameter,
    itemStyle: { color: color(element, variable), opacity },
    tooltip: { formatter: hover(study) },
    data: points(list)
  });
  return {
    ...base(element),
    xAxis: { ...axis(study.goals[x], 28, element), type: 'value' },
    yAxis: { ...axis(study.goals[y], 52, element), type: 'value' },
    series: [
      series(
        trials.filter(trial => !best.has(trial.number)),
        '--jp-ui-font-color3',
        0.5,
        7
      ),
      series(
        trials.filter(trial => best.has(trial.number)),
        '--jp-brand-color1',
        1,
        11
      )
    ]
  };
}

/** When each trial ran. */
export function timeline(study: IStudyData, now: number, element: Element): EChartsCoreOption {
  const trials = study.trials.filter(trial => trial.started !== null);
  const ends = trials.map(trial => trial.ended ?? now);
  return {
    ...base(element),
    xAxis: {
      ...axis('', 0, element),
      type: 'time',
      min: Math.min(...trials.map(trial => trial.started!)) * 1000,
      max: Math.max(...ends) * 1000
    },
    yAxis: { ...axis('trial', 44, element), type: 'value', inverse: true, min: 'dataMin', minInterval: 1 },
    dataZoom: [
      { type: 'inside', xAxisIndex: 0, filterMode: 'none' },
      { type: 'inside', yAxisIndex: 0, filterMode: 'none' }
    ],
    series: [
      {
        type: 'custom',
        clip: true,
        encode: { x: [0, 1], y: 2 },
        tooltip: { formatter: hover(study) },
        data: trials.map((trial, index) => ({
          value: [trial.started! * 1000, ends[index] * 1000, trial.number],
          itemStyle: { color: color(element, STATE_COLORS[trial.state]) }
        })),
        renderItem: (_: unknown, api: ICustomApi) => {
          const from = api.coord([api.value(0), api.value(2)]);
          const to = api.coord([api.value(1), api.value(2)]);
          const height = Math.min(14, Math.max(1.5, 0.7 * Math.abs(api.size([0, 1])[1])));
          const shape = { x: from[0], y: from[1] - height / 2, width: Math.max(1, to[0] - from[0]), height };
          return { type: 'rect', shape, style: { fill: api.visual('color') } };
        }
      }
    ]
  };
}

interface ICustomApi {
  value(dimension: number): number;
  coord(place: (number | string)[]): [number, number];
  size(extent: number[]): [number, number];
  visual(name: string): string;
}

function base(element: Element): EChartsCoreOption {
  return {
    animation: false,
    textStyle: { color: color(element, '--jp-ui-font-color1') },
    tooltip: { confine: true },
    grid: { left: 70, right: 24, top: 16, bottom: 48 }
  };
}

function axis(name: string, gap: number, element: Element): object {
  const ink = color(element, '--jp-ui-font-color1');
  return {
    name,
    nameLocation: 'middle',
    nameGap: gap,
    scale: true,
    nameTextStyle: { color: ink },
    axisLabel: { color: ink, hideOverlap: true },
    splitLine: { lineStyle: { color: color(element, '--jp-border-color3') } }
  };
}

/** The kind of a swept name's scale, with its bounds. */
function paramScale(study: IStudyData, name: string): object {
  const kind = study.kinds[name];
  if (kind.choices) {
    return { type: 'category', data: kind.choices.map(shown) };
  }
  return { type: kind.log ? 'log' : 'value', min: kind.low, max: kind.high };
}

function paramAxis(study: IStudyData, name: string, gap: number, element: Element): object {
  return { ...axis(name, gap, element), ...paramScale(study, name) };
}

/** An axis on which choices have places between them, too. */
function continuous(study: IStudyData, name: string, gap: number, element: Element): object {
  const kind = study.kinds[name];
  const plain = { ...paramAxis(study, name, gap, element), splitLine: { show: false } };
  if (!kind.choices) {
    return plain;
  }
  const names = kind.choices.map(shown);
  const places = names.map((_, index) => index);
  const label = {
    color: color(element, '--jp-ui-font-color1'),
    customValues: places,
    formatter: (index: number) => names[index]
  };
  return {
    ...plain,
    type: 'value',
    min: -0.5,
    max: names.length - 0.5,
    axisLabel: label,
    axisTick: { customValues: places }
  };
}

/** Where a trial is on a swept name's axis. */
function place(study: IStudyData, name: string, trial: ITrial): number | string | undefined {
  const value = trial.params[name];
  return study.kinds[name].choices ? shown(value) : (value as number | undefined);
}

/** From a trial to its share of a swept name's range, and from a share to a place on the axis. */
function sharer(study: IStudyData, name: string): { of: (trial: ITrial) => number; at: (share: number) => number } {
  const { choices, low = 0, high = 1, log } = study.kinds[name];
  if (choices) {
    const names = choices.map(shown);
    return {
      of: trial => (names.indexOf(shown(trial.params[name])) + 0.5) / names.length,
      at: share => share * names.length - 0.5
    };
  }
  const [from, to] = log ? [Math.log(low), Math.log(high)] : [low, high];
  const span = to - from || 1;
  return {
    of: trial => ((log ? Math.log(trial.params[name] as number) : (trial.params[name] as number)) - from) / span,
    at: share => (log ? Math.exp(from + share * span) : from + share * span)
  };
}

/** From light to the theme's own colour. */
function shades(min: number, max: number, element: Element): object {
  const ends = [
    color(element, '--jp-brand-color4'),
    color(element, '--jp-brand-color2'),
    color(element, '--jp-brand-color0')
  ];
  return { type: 'continuous', min, max: max === min ? min + 1 : max, inRange: { color: ends }, calculable: false };
}

function size(count: number): number {
  return count > 2000 ? 4 : count > 300 ? 6 : 9;
}

/** What is said of the trial under the mouse. */
function hover(study: IStudyData): (item: { data: unknown[] | { value: unknown[] } }) => string {
  return item => {
    const data = Array.isArray(item.data) ? item.data : item.data.value;
    const wanted = data[data.length - 1];
    const trial = study.trials.find(one => one.number === wanted);
    if (!trial) {
      return '';
    }
    const values = study.goals.map((goal, index) => `${escaped(goal)} <b>${number(trial.values[index] ?? null)}</b>`);
    const params = Object.entries(trial.params).map(([name, value]) => `${name} ${shown(value)}`);
    const lines = [`trial ${trial.number} · ${trial.state}`, ...params];
    return [...lines.map(escaped), trial.state === 'complete' ? values.join('<br>') : ''].filter(Boolean).join('<br>');
  };
}
