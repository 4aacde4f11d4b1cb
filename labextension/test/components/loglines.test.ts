import { describe, expect, it } from 'vitest';

import { LogLines } from '../../src/components/loglines';
import { ILogPage } from '../../src/api/types';

/** A log of numbered lines that counts how often it is read. */
class Log {
  reads = 0;

  constructor(public total: number) {}

  read = (start: number, count: number): Promise<ILogPage> => {
    this.reads += 1;
    const first = start < 0 ? Math.max(0, this.total + start) : Math.min(start, this.total);
    const numbers = Array.from({ length: Math.min(count, this.total - first) }, (_, index) => first + index);
    const lines = numbers.map(number => `line ${number}`);
    return Promise.resolve({ total: this.total, start: first, numbers, lines });
  };
}

const settled = () => new Promise(resolve => setTimeout(resolve));

describe('the lines of a log', () => {
  it('begin with its end', async () => {
    const lines = new LogLines(new Log(1_000_000).read);
    await lines.refresh();
    expect(lines.total).toBe(1_000_000);
    expect(lines.line(999_999)).toEqual({ number: 999_999, text: 'line 999999' });
    expect(lines.line(0)).toBeUndefined();
  });

  it('are read around what is in sight, once', async () => {
    const log = new Log(10_000);
    const lines = new LogLines(log.read);
    await lines.refresh();
    lines.want(490, 510);
    lines.want(495, 515);
    await settled();
    expect(lines.line(499)!.text).toBe('line 499');
    expect(lines.line(500)!.text).toBe('line 500');
    lines.want(490, 510);
    await settled();
    expect(log.reads).toBe(3);
  });

  it('grow with the log', async () => {
    const log = new Log(700);
    const lines = new LogLines(log.read);
    await lines.refresh();
    log.total = 730;
    await lines.refresh();
    expect(lines.total).toBe(730);
    expect(lines.line(729)!.text).toBe('line 729');
  });

  it('that are far are forgotten', async () => {
    const lines = new LogLines(new Log(100_000).read);
    await lines.refresh();
    for (let first = 0; first < 60_000; first += 500) {
      lines.want(first, first + 10);
    }
    await settled();
    expect(lines.line(0)).toBeUndefined();
    expect(lines.line(59_500)).toBeDefined();
  });

  it('tell why they cannot be read, and go on later', async () => {
    let isBroken = true;
    const log = new Log(3);
    const lines = new LogLines((start, count) =>
      isBroken ? Promise.reject(new Error('gone')) : log.read(start, count)
    );
    await lines.refresh();
    expect(lines.error).toBe('gone');
    isBroken = false;
    await lines.refresh();
    expect([lines.error, lines.total]).toEqual(['', 3]);
  });
});
