/** Formats the states and figures of endpoints. */

import { TranslationBundle } from '@jupyterlab/translation';

import { VersionState } from '../api/servingtypes';
import { number } from '../components/format';

export function stateWord(state: VersionState, trans: TranslationBundle): string {
  const words: Record<VersionState, string> = {
    starting: trans.__('starting'),
    live: trans.__('live'),
    idle: trans.__('asleep'),
    degraded: trans.__('degraded'),
    failed: trans.__('failed'),
    draining: trans.__('draining')
  };
  return words[state] ?? state;
}

/** Format milliseconds; a dash if there were no requests. */
export function ms(value: number | null | undefined): string {
  if (value === null || value === undefined) {
    return '–';
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value).toLocaleString()} ms`;
}

/** Format a share as percent, more precisely near 0 and 100: only exact values read 0 % or 100 %. */
export function percent(share: number): string {
  const value = share * 100;
  if (value === 0 || value === 100) {
    return `${value} %`;
  }
  if (value < 0.1 || value > 99.9) {
    return value < 0.1 ? '<0.1 %' : '>99.9 %';
  }
  return `${value < 10 || value > 99 ? value.toFixed(1) : Math.round(value)} %`;
}

/** Format requests per second. */
export function perSecond(rate: number): string {
  return rate === 0
    ? '0/s'
    : rate < 0.1
      ? '<0.1/s'
      : `${rate < 100 ? number(Number(rate.toPrecision(2))) : Math.round(rate).toLocaleString()}/s`;
}
