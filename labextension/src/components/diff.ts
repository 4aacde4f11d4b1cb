/** Two texts compared line by line. */

import { diffLines } from 'diff';

/** The number of unchanged lines shown around a difference. */
const CONTEXT = 3;

export interface IDiffRow {
  kind: 'same' | 'added' | 'removed' | 'skipped';
  text: string;
}

/** Compare two texts line by line; unchanged lines are kept only around changes. */
export function diffRows(before: string, after: string): IDiffRow[] {
  const parts = diffLines(`${before.trimEnd()}\n`, `${after.trimEnd()}\n`);
  return parts.flatMap((part, index): IDiffRow[] => {
    const lines = part.value.replace(/\n$/, '').split('\n');
    if (part.added || part.removed) {
      const kind = part.added ? 'added' : 'removed';
      return lines.map(text => ({ kind, text: `${part.added ? '+' : '−'} ${text}` }));
    }
    const head = index === 0 ? 0 : CONTEXT;
    const tail = index === parts.length - 1 ? 0 : CONTEXT;
    const same = lines.map((text): IDiffRow => ({ kind: 'same', text: `  ${text}` }));
    if (parts.length === 1 || lines.length <= head + tail + 1) {
      return same;
    }
    const skipped: IDiffRow = { kind: 'skipped', text: String(lines.length - head - tail) };
    return [...same.slice(0, head), skipped, ...same.slice(lines.length - tail)];
  });
}
