/** The parts of Apache ECharts that the plots use: a chunk of its own, loaded with the first plot. */

import { ParallelChart, ScatterChart } from 'echarts/charts';
import { GridComponent, ParallelComponent, TooltipComponent } from 'echarts/components';
import { EChartsType, init, use } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';

use([ParallelChart, ScatterChart, GridComponent, ParallelComponent, TooltipComponent, CanvasRenderer]);

/** A chart that fills an element. */
export function createChart(element: HTMLElement): EChartsType {
  return init(element);
}
