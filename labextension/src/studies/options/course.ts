/** Plots of how trials went: what they reported step by step, and when each ran. */

import type { EChartsCoreOption } from 'echarts/core';

import { ICurveOfTrial } from '../../api/studytypes';
import { color } from '../../components/chart';
import { number } from '../../components/format';
import { IStudyData } from '../study';
import { axis, base, hover, ICustomApi, STATE_COLORS } from './scales';

/** Plot intermediate values by step. */
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

/** Plot when each trial ran. */
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
