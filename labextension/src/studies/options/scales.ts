/**
 * Axes, scales, colours and tooltips that the plots of a study share.
 *
 * The last number of each item of a plot is its trial's: a click on the item opens that trial's run.
 */

import type { EChartsCoreOption } from 'echarts/core';

import { TrialState } from '../../api/studytypes';
import { color } from '../../components/chart';
import { number } from '../../components/format';
import { escaped } from '../../components/plot';
import { IStudyData, ITrial, shown } from '../study';

/** Colours of trials by state. */
export const STATE_COLORS: Record<TrialState, string> = {
  complete: '--jp-success-color1',
  pruned: '--jp-warn-color1',
  fail: '--jp-error-color1',
  running: '--jp-brand-color1',
  waiting: '--jp-border-color1'
};

export interface ICustomApi {
  value(dimension: number): number;
  coord(place: (number | string)[]): [number, number];
  size(extent: number[]): [number, number];
  visual(name: string): string;
}

export function base(element: Element): EChartsCoreOption {
  return {
    animation: false,
    textStyle: { color: color(element, '--jp-ui-font-color1') },
    tooltip: { confine: true },
    grid: { left: 70, right: 24, top: 16, bottom: 48 }
  };
}

export function axis(name: string, gap: number, element: Element): object {
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

/** Return the scale of a swept parameter with its bounds. */
export function paramScale(study: IStudyData, name: string): object {
  const kind = study.kinds[name];
  if (kind.choices) {
    return { type: 'category', data: kind.choices.map(shown) };
  }
  return { type: kind.log ? 'log' : 'value', min: kind.low, max: kind.high };
}

export function paramAxis(study: IStudyData, name: string, gap: number, element: Element): object {
  return { ...axis(name, gap, element), ...paramScale(study, name) };
}

/** Return a continuous axis; choices get evenly spaced positions. */
export function continuous(study: IStudyData, name: string, gap: number, element: Element): object {
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

/** Return the position of a trial on the axis of a swept parameter. */
export function place(study: IStudyData, name: string, trial: ITrial): number | string | undefined {
  const value = trial.params[name];
  return study.kinds[name].choices ? shown(value) : (value as number | undefined);
}

/** Map a trial to its share of a parameter's range, and a share to a position on the axis. */
export function sharer(
  study: IStudyData,
  name: string
): { of: (trial: ITrial) => number; at: (share: number) => number } {
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

/** Return shades from light to the theme's brand colour. */
export function shades(min: number, max: number, element: Element): object {
  const ends = [
    color(element, '--jp-brand-color4'),
    color(element, '--jp-brand-color2'),
    color(element, '--jp-brand-color0')
  ];
  return { type: 'continuous', min, max: max === min ? min + 1 : max, inRange: { color: ends }, calculable: false };
}

export function size(count: number): number {
  return count > 2000 ? 4 : count > 300 ? 6 : 9;
}

/** Return the tooltip of the trial under the mouse. */
export function hover(study: IStudyData): (item: { data: unknown[] | { value: unknown[] } }) => string {
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
