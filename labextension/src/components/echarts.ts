/** The parts of Apache ECharts that the plots use: a chunk of its own, loaded with the first plot. */

import { BarChart, CustomChart, LineChart, ParallelChart, ScatterChart } from 'echarts/charts';
import {
  DataZoomInsideComponent,
  GridComponent,
  ParallelComponent,
  TooltipComponent,
  VisualMapContinuousComponent
} from 'echarts/components';
import { EChartsType, init, use as register } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';

register([
  BarChart,
  CustomChart,
  LineChart,
  ParallelChart,
  ScatterChart,
  DataZoomInsideComponent,
  GridComponent,
  ParallelComponent,
  TooltipComponent,
  VisualMapContinuousComponent,
  CanvasRenderer
]);

/** A chart that fills an element. */
export function createChart(element: HTMLElement): EChartsType {
  return init(element);
}
