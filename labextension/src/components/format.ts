/** Numbers, times and sizes as people read them. */

import { Time } from '@jupyterlab/coreutils';

export function duration(seconds: number): string {
  if (seconds < 10) {
    return `${seconds.toFixed(1)} s`;
  }
  if (seconds < 60) {
    return `${Math.round(seconds)} s`;
  }
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) {
    return `${minutes} min ${Math.round(seconds % 60)} s`;
  }
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.round(hours / 24)} d`;
}

/** Format how long ago a time in seconds since the epoch is, as `3m ago`, in the language of the page. */
export function ago(seconds: number): string {
  // The clocks of two machines differ: a reported time is never in the future.
  return Time.formatHuman(new Date(Math.min(seconds * 1000, Date.now())), 'narrow');
}

/** Format a number; null stands for NaN and the infinities, which JSON lacks. */
export function number(value: number | null): string {
  if (value === null || !Number.isFinite(value)) {
    return 'NaN';
  }
  if (value !== 0 && (Math.abs(value) >= 1e6 || Math.abs(value) < 1e-3)) {
    return value.toExponential(2);
  }
  return String(Number(value.toPrecision(4)));
}

export function bytes(count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  while (count >= 1024 && unit < units.length - 1) {
    count /= 1024;
    unit += 1;
  }
  return `${count >= 10 || unit === 0 ? Math.round(count) : count.toFixed(1)} ${units[unit]}`;
}
