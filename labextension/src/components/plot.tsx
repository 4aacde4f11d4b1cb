/** A plot by Apache ECharts, which is loaded with the first one. */

import * as React from 'react';

import { TranslationBundle } from '@jupyterlab/translation';
import type { EChartsCoreOption, EChartsType } from 'echarts/core';

import { color, useTheme } from './chart';
import { Empty } from './common';
import { download } from './download';

/** The actions on a drawn plot. */
export interface IPlot {
  /** The plot as a PNG's data URL. */
  picture(): string;
}

interface IPlotProps {
  /** ECharts' option, made for the colours around an element; keep it the same object while nothing changes. */
  option: (element: Element) => EChartsCoreOption;
  label: string;
  trans: TranslationBundle;
  height?: number;
  /** Called with the id of what was clicked on: the last number of its data. */
  onPick?: (id: number) => void;
}

export const Plot = React.forwardRef<IPlot, IPlotProps>(function Plot(props, ref): JSX.Element {
  const { option } = props;
  const host = React.useRef<HTMLDivElement>(null);
  const chart = React.useRef<EChartsType | null>(null);
  const pick = React.useRef(props.onPick);
  pick.current = props.onPick;
  const [isReady, setReady] = React.useState(false);
  const [error, setError] = React.useState('');
  React.useImperativeHandle(ref, () => ({
    picture: () =>
      chart.current?.getDataURL({
        type: 'png',
        pixelRatio: 2,
        backgroundColor: color(host.current!, '--jp-layout-color1')
      }) ?? ''
  }));
  React.useEffect(() => {
    let isWanted = true;
    const observer = new ResizeObserver(() => chart.current?.resize());
    void import('./echarts')
      .then(({ createChart }) => {
        if (isWanted && host.current) {
          chart.current = createChart(host.current);
          chart.current.on('click', event => {
            const data = Array.isArray(event.data) ? event.data : (event.data as { value?: unknown[] } | null)?.value;
            const id = data?.[data.length - 1];
            if (typeof id === 'number') {
              pick.current?.(id);
            }
          });
          observer.observe(host.current);
          setReady(true);
        }
      })
      .catch(problem => setError((problem as Error).message));
    return () => {
      isWanted = false;
      observer.disconnect();
      chart.current?.dispose();
      chart.current = null;
    };
  }, []);
  React.useEffect(() => {
    if (isReady && host.current) {
      chart.current?.setOption(option(host.current), { notMerge: true });
    }
  }, [isReady, option]);
  return (
    <>
      {error && <Empty isError>{error}</Empty>}
      {!isReady && !error && (
        <Empty>
          <span className="wb-Spinner" />
          {props.trans.__('Drawing…')}
        </Empty>
      )}
      <div ref={host} role="img" aria-label={props.label} className="wb-Plot" style={{ height: props.height ?? 420 }} />
    </>
  );
});

/** A plot with a button that saves it under a name. */
export function SavedPlot({ name, ...props }: IPlotProps & { name: string }): JSX.Element {
  const plot = React.useRef<IPlot>(null);
  const { trans } = props;
  return (
    <>
      <Plot {...props} ref={plot} />
      <div className="wb-Buttons wb-mod-left">
        <button
          className="jp-mod-styled"
          onClick={() => plot.current && download(`${name}.png`, plot.current.picture())}
        >
          {trans.__('Save as PNG')}
        </button>
      </div>
    </>
  );
}

/** An option that is made anew when the theme changes. */
export function useThemed(
  make: (element: Element) => EChartsCoreOption,
  dependencies: unknown[]
): (element: Element) => EChartsCoreOption {
  const theme = useTheme();
  // eslint-disable-next-line react-hooks/exhaustive-deps -- the caller says what `make` depends on
  return React.useCallback(make, [...dependencies, theme]);
}

/** Escape text for a tooltip, which is HTML: names of runs can contain anything. */
export function escaped(text: string): string {
  return text.replace(/[&<>"]/g, char => `&#${char.charCodeAt(0)};`);
}
