/** Traffic weights by version in percent, which always sum to 100. */

export type Weights = Record<string, number>;

const ALL = 100;

/**
 * Set one weight: the others share the rest in their previous proportions.
 *
 * @returns Whole numbers whose sum is 100; a single version gets all.
 */
export function moved(weights: Weights, label: string, value: number): Weights {
  const others = Object.keys(weights).filter(other => other !== label);
  if (others.length === 0) {
    return { [label]: ALL };
  }
  const wanted = Math.max(0, Math.min(ALL, Math.round(value)));
  const left = ALL - wanted;
  const had = others.reduce((total, other) => total + weights[other], 0);
  const shares = others.map(other => (had > 0 ? (weights[other] / had) * left : left / others.length));
  return {
    ...weights,
    [label]: wanted,
    ...Object.fromEntries(whole(shares, left).map((share, index) => [others[index], share]))
  };
}

/** Round the weights to whole numbers with the sum 100; equal if all are 0. */
export function rounded(weights: Weights): Weights {
  const labels = Object.keys(weights);
  const total = labels.reduce((sum, label) => sum + weights[label], 0);
  const shares = labels.map(label => (total > 0 ? (weights[label] / total) * ALL : ALL / labels.length));
  return Object.fromEntries(whole(shares, ALL).map((share, index) => [labels[index], share]));
}

/** Compare two sets of weights, to a thousandth of a percent. */
export function isSame(one: Weights, other: Weights): boolean {
  const labels = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...labels].every(label => Math.abs((one[label] ?? 0) - (other[label] ?? 0)) < 1e-3);
}

/** Round shares to whole numbers with a given sum, by the largest remainder. */
function whole(shares: number[], total: number): number[] {
  const down = shares.map(Math.floor);
  const missing = total - down.reduce((sum, share) => sum + share, 0);
  const order = shares.map((share, index) => [share - down[index], index]).sort((a, b) => b[0] - a[0]);
  order.slice(0, missing).forEach(([, index]) => (down[index] += 1));
  return down;
}
