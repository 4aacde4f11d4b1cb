/** What clients may ask of an endpoint, as a form's texts and as what changes. */

import { IEndpoint } from './endpoint';

export interface ILimits {
  /** Requests per second and token; empty for any number. */
  rate: string;
  /** The largest body, as `16M`. */
  body: string;
  /** Answers to keep. */
  cache: string;
}

/** What a form begins with. */
export function limitsOf({ limits, cache }: Pick<IEndpoint, 'limits' | 'cache'>): ILimits {
  return { rate: limits.rate === null ? '' : String(limits.rate), body: bytesText(limits.max_body), cache: String(cache) };
}

/** What was changed, as the server takes it; empty where nothing was. */
export function changesOf(before: ILimits, after: ILimits): Record<string, unknown> {
  const { rate, body, cache } = after;
  return {
    ...(rate.trim() !== before.rate && { rate: rate.trim() ? Number(rate) : null }),
    ...(body.trim() !== before.body && { max_body: body.trim() }),
    ...(cache.trim() !== before.cache && { cache: Number(cache) })
  };
}

/** Bytes as `%publish --max-body` has them, to the byte. */
function bytesText(count: number): string {
  for (const [unit, letter] of [[2 ** 30, 'G'], [2 ** 20, 'M'], [2 ** 10, 'k']] as const) {
    if (count % unit === 0) {
      return `${count / unit}${letter}`;
    }
  }
  return String(count);
}
