/** How many replicas, as `%publish --replicas` has it: `2`, or `1..4`. */

export const MOST_REPLICAS = 1000;

export interface IReplicas {
  min: number;
  max: number;
}

/** The magic's words for it. */
export function replicasText({ min, max }: IReplicas): string {
  return min === max ? String(max) : `${min}..${max}`;
}

/** Whether a cluster could be asked for it: at least one at most, and no more at least than at most. */
export function isReplicas({ min, max }: IReplicas): boolean {
  return Number.isInteger(min) && Number.isInteger(max) && min >= 0 && max >= 1 && min <= max && max <= MOST_REPLICAS;
}
