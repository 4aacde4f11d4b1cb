/** Points of curves, made ready to be drawn. */

export interface ICurve {
  name: string;
  points: [number, number | null][];
  /** Which of the colours it has; its place among the curves unless given. */
  color?: number;
}

/** An exponential moving average, corrected for its beginning. */
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

/** Curves over one x axis, as uPlot wants them: where a curve has no point at an x, null. */
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
