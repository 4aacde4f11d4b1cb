/** What clients may ask of an endpoint and how much of it is kept, as a form's texts and as what changes. */

import { IEndpoint } from '../api/servingtypes';

export interface ILimits {
  /** Requests per second and token; empty for any number. */
  rate: string;
  /** The largest body, as `16M`. */
  body: string;
  /** Answers to keep. */
  cache: string;
  /** Requests to keep of each version. */
  samples: string;
}

/** What a form begins with. */
export function limitsOf({ rate, max_body, cache, samples }: IEndpoint['limits']): ILimits {
  return {
    rate: rate === null ? '' : String(rate),
    body: bytesText(max_body),
    cache: String(cache),
    samples: String(samples)
  };
}

/** What was changed, as the server takes it; empty where nothing was. */
export function changesOf(before: ILimits, after: ILimits): Record<string, unknown> {
  const { rate, body, cache, samples } = after;
  return {
    ...(rate.trim() !== before.rate && { rate: rate.trim() ? Number(rate) : null }),
    ...(body.trim() !== before.body && { max_body: body.trim() }),
    ...(cache.trim() !== before.cache && { cache: Number(cache) }),
    ...(samples.trim() !== before.samples && { samples: Number(samples) })
  };
}

/** Bytes as `%publish --max-body` has them, to the byte. */
function bytesText(count: number): string {
  for (const [unit, letter] of [
    [2 ** 30, 'G'],
    [2 ** 20, 'M'],
    [2 ** 10, 'k']
  ] as const) {
    if (count % unit === 0) {
      return `${count / unit}${letter}`;
    }
  }
  return String(count);
}
