/** Prepares the points of curves for drawing. */

export interface ICurve {
  name: string;
  points: [number, number | null][];
  /** The index of its colour; by default its position among the curves. */
  color?: number;
}

/** Return the exponential moving average, corrected for its start. */
export function smooth(values: (number | null)[], weight: number): (number | null)[] {
  let last = 0;
  let count = 0;
  return values.map(value => {
    if (value === null || !Number.isFinite(value)) {
      return value;
    }
    last = last * weight + (1 - weight) * value;
    count += 1;
    return last / (1 - Math.pow(weight, count));
  });
}

/** Align curves on one x axis for uPlot, with null where a curve has no point. */
export function aligned(curves: ICurve[]): [number[], ...(number | null)[][]] {
  if (curves.length === 1) {
    return [curves[0].points.map(point => point[0]), curves[0].points.map(point => point[1])];
  }
  const xs = [...new Set(curves.flatMap(curve => curve.points.map(point => point[0])))].sort((a, b) => a - b);
  return [
    xs,
    ...curves.map(curve => {
      const at = new Map(curve.points);
      return xs.map(x => at.get(x) ?? null);
    })
  ];
}
