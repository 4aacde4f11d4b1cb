/** Plots of a study's goals: by trial, against each other, and the importance of parameters. */

import type { EChartsCoreOption } from 'echarts/core';

import { color } from '../../components/chart';
import { climb, complete, front, isNumber, IStudyData, ITrial } from '../study';
import { axis, base, hover, size } from './scales';

/** Plot a goal by trial, and the best value so far. */
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

/** Plot two goals against each other, with the Pareto front highlighted. */
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

/** Importance of each parameter. */
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
