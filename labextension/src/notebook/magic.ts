/** The first line of a `%%train` cell: read and written without touching the rest. */

export interface ITrainOptions {
  name: string;
  workers: number;
  gpusPerWorker: number;
  returns: string;
}

const LINE = /^%%train\b(.*)$/;

/** Whether a cell starts a run or a sweep: such cells wear a badge. */
export function startsRuns(source: string): boolean {
  return /^%%(train|sweep)\b/.test(source);
}

export function isTrainCell(source: string): boolean {
  return LINE.test(source.split('\n', 1)[0]);
}

/** What a cell's `%%train` line asks for; null where it has none. */
export function readOptions(source: string): ITrainOptions | null {
  const match = LINE.exec(source.split('\n', 1)[0]);
  if (!match) {
    return null;
  }
  const text = match[1];
  const value = (names: string) =>
    new RegExp(`(?:^|\\s)(?:${names})[ =]("[^"]*"|\\S+)`).exec(text)?.[1].replace(/"/g, '') ?? '';
  const first = text.trim().split(/\s+/)[0] ?? '';
  return {
    name: first.startsWith('-') ? '' : first,
    workers: Number(value('--workers|-w')) || 1,
    gpusPerWorker: Number(value('--gpus-per-worker')) || 0,
    returns: value('--returns|-r')
  };
}

/** The cell with these options on its first line; options that the form does not know are kept. */
export function writeOptions(source: string, options: ITrainOptions): string {
  const lines = source.split('\n');
  const before = LINE.exec(lines[0]);
  let kept = '';
  if (before) {
    kept = before[1]
      .replace(/(^|\s)(--workers|-w|--gpus-per-worker|--returns|-r)[ =]("[^"]*"|\S+)/g, '')
      .trim()
      .replace(/^(?!-)\S+\s*/, '')
      .trim();
    lines.shift();
  }
  const parts = ['%%train', options.name.trim()];
  if (options.workers !== 1) {
    parts.push(`--workers ${options.workers}`);
  }
  if (options.gpusPerWorker) {
    parts.push(`--gpus-per-worker ${options.gpusPerWorker}`);
  }
  const returns = options.returns
    .split(/[\s,]+/)
    .filter(Boolean)
    .join(',');
  if (returns) {
    parts.push(`--returns ${returns}`);
  }
  parts.push(kept);
  return [parts.filter(Boolean).join(' '), ...lines].join('\n');
}

/** The cell without its `%%train` line. */
export function withoutTrain(source: string): string {
  return isTrainCell(source) ? source.split('\n').slice(1).join('\n') : source;
}
