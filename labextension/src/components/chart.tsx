/** A metric's curve, drawn by uPlot on a canvas: a million points stay quick, and live points cost nothing. */

import * as React from 'react';

import uPlot from 'uplot';

import { aligned, ICurve, smooth } from './curves';
import { number } from './format';

export interface IChartProps {
  title: string;
  curves: ICurve[];
  /** What the x axis counts: `time` is seconds since the epoch. */
  xLabel: string;
  isLog: boolean;
  /** Weight of the past in an exponential moving average, 0 for none. */
  smoothing: number;
  height?: number;
  /** Called with the part that was zoomed to, null when all of it is shown again. */
  onZoom?: (range: [number, number] | null) => void;
}

/** Colours of JupyterLab's themes that are distinct on light and dark backgrounds. */
export const COLORS = [
  '--jp-brand-color1',
  '--jp-warn-color1',
  '--jp-success-color1',
  '--jp-error-color1',
  '--jp-mirror-editor-keyword-color',
  '--jp-mirror-editor-operator-color',
  '--jp-info-color1',
  '--jp-mirror-editor-string-color',
  '--jp-mirror-editor-number-color',
  '--jp-mirror-editor-variable-2-color'
];

/** Return the value of a theme variable at an element. */
export function color(element: Element, variable: string): string {
  return getComputedStyle(element).getPropertyValue(variable).trim() || '#888';
}

/** Return a number that changes with JupyterLab's theme, to redraw a canvas in the new colours. */
export function useTheme(): number {
  const [turn, next] = React.useReducer((count: number) => count + 1, 0);
  React.useEffect(() => {
    const observer = new MutationObserver(() => next());
    observer.observe(document.body, { attributes: true, attributeFilter: ['data-jp-theme-name'] });
    return () => observer.disconnect();
  }, []);
  return turn;
}

/** Return the range of a linear y axis; for all zeros it is 1, not uPlot's 100. */
function heightOf(_: uPlot, low: number | null, high: number | null): [number | null, number | null] {
  if (low === null || high === null) {
    return [null, null];
  }
  return low === 0 && high === 0 ? [0, 1] : uPlot.rangeNum(low, high, 0.1, true);
}

export function Chart(props: IChartProps): JSX.Element {
  const host = React.useRef<HTMLDivElement>(null);
  const plot = React.useRef<uPlot | null>(null);
  const height = props.height ?? 160;
  const theme = useTheme();
  const names = props.curves.map(curve => curve.name).join('\n');
  const data = React.useMemo(() => {
    const [xs, ...ys] = aligned(props.curves);
    return [xs, ...(props.smoothing ? ys.map(values => smooth(values, props.smoothing)) : ys)];
  }, [props.curves, props.smoothing]);

  React.useEffect(() => {
    const element = host.current;
    if (!element) {
      return;
    }
    const axis = {
      stroke: color(element, '--jp-ui-font-color2'),
      grid: { stroke: color(element, '--jp-border-color3'), width: 1 },
      ticks: { show: false },
      font: `11px ${color(element, '--jp-ui-font-family')}`
    };
    const zoomed = (self: uPlot) => {
      const { min, max } = self.scales.x;
      const xs = self.data[0];
      if (min === undefined || max === undefined || min === null || max === null || !xs.length) {
        return;
      }
      const isAll = min <= xs[0] && max >= xs[xs.length - 1];
      props.onZoom?.(isAll ? null : [min, max]);
    };
    const made = new uPlot(
      {
        width: Math.max(element.clientWidth, 120),
        height,
        cursor: { drag: { x: true, y: false }, points: { size: 6 } },
        legend: { live: true },
        scales: {
          x: { time: props.xLabel === 'time' },
          y: props.isLog ? { distr: 3 } : { distr: 1, range: heightOf }
        },
        axes: [
          { ...axis, size: props.xLabel === 'time' ? 40 : 28 }, // the day stands below the time
          { ...axis, size: 52, values: (_, ticks) => ticks.map(tick => (tick === null ? '' : number(tick))) }
        ],
        series: [
          { label: props.xLabel.replace('metrics.', '') },
          ...props.curves.map((curve, index) => ({
            label: curve.name,
            stroke: color(element, COLORS[(curve.color ?? index) % COLORS.length]),
            width: 1.5,
            spanGaps: true,
            value: (_: uPlot, value: number | null) => (value === null ? '–' : number(value))
          }))
        ],
        hooks: { setSelect: [self => window.setTimeout(() => zoomed(self))] }
      },
      data as uPlot.AlignedData,
      element
    );
    plot.current = made;
    const observer = new ResizeObserver(() => {
      if (element.clientWidth > 0) {
        made.setSize({ width: element.clientWidth, height });
      }
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
    // New points go into the plot below; it is made anew only for other curves or axes.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [names, props.xLabel, props.isLog, height, theme]);

  React.useEffect(() => {
    plot.current?.setData(data as uPlot.AlignedData);
  }, [data]);

  return (
    <figure className="wb-Chart" aria-label={props.title} data-points={data[0].length}>
      <figcaption>{props.title}</figcaption>
      <div ref={host} className="wb-Chart-canvas" />
    </figure>
  );
}
