/** Reads the points of metrics for a plot, repeatedly while a run is live. */

import * as React from 'react';

import { WorkbenchModel } from '../model';
import { ICurve } from './curves';

const MOST_POINTS = 2000;
const READ_EVERY_MS = 5000;

export interface IWantedSeries {
  runId: string;
  metric: string;
  /** What the curve is called. */
  label: string;
  /** The start of its run in seconds since the epoch: the zero of `elapsed`. */
  began: number;
  color?: number;
}

/**
 * Read the curves of metrics of one or several runs.
 *
 * `x` is `step`, `elapsed`, `time` or `metrics.NAME`; `range` is the part to read exactly, null for all of it.
 */
export function useSeries(
  model: WorkbenchModel,
  wanted: IWantedSeries[],
  x: string,
  range: [number, number] | null,
  isLive: boolean
): { curves: ICurve[]; error: string } {
  const [curves, setCurves] = React.useState<ICurve[]>([]);
  const [error, setError] = React.useState('');
  const [turn, next] = React.useReducer((count: number) => count + 1, 0);
  const key = JSON.stringify([wanted, x, range]);
  const again = isLive ? turn : 0;
  React.useEffect(() => {
    if (wanted.length === 0) {
      return;
    }
    let isWanted = true;
    const read = async ({ runId, metric, label, began, color }: IWantedSeries): Promise<ICurve> => {
      const shift = x === 'elapsed' ? began : 0;
      const { points } = await model.api.series(runId, metric, {
        x: x === 'elapsed' ? 'time' : x,
        most: MOST_POINTS,
        start: range ? range[0] + shift : undefined,
        end: range ? range[1] + shift : undefined
      });
      return { name: label, color, points: shift ? points.map(([at, y]) => [at - shift, y]) : points };
    };
    Promise.all(wanted.map(read))
      .then(found => {
        if (isWanted) {
          setCurves(found);
          setError('');
        }
      })
      .catch(problem => isWanted && setError((problem as Error).message));
    const timer = isLive ? window.setTimeout(next, READ_EVERY_MS) : 0;
    return () => {
      isWanted = false;
      window.clearTimeout(timer);
    };
    // `key` stands for `wanted`, `x` and `range`, which may be other objects each time.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [model, key, isLive, again]);
  return { curves, error };
}
