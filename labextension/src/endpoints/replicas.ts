/** Replicas as `%publish --replicas` takes them: `2`, or `1..4`. */

export const MOST_REPLICAS = 1000;

export interface IReplicas {
  min: number;
  max: number;
}

/** Format the replicas as the magic takes them. */
export function replicasText({ min, max }: IReplicas): string {
  return min === max ? String(max) : `${min}..${max}`;
}

/** Check that the maximum is at least 1 and the minimum is not above it. */
export function isReplicas({ min, max }: IReplicas): boolean {
  return Number.isInteger(min) && Number.isInteger(max) && min >= 0 && max >= 1 && min <= max && max <= MOST_REPLICAS;
}
