/** Terminal colours of one line as JupyterLab's own classes (`ansi-red-fg` and the like). */

const NAMES = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'];
// eslint-disable-next-line no-control-regex
const SEQUENCE = /\x1b\[([0-9;]*)([A-Za-z])/g;

export interface ISpan {
  text: string;
  classes: string;
}

/** A line cut where its colours change; other terminal codes are left out. */
export function ansiSpans(line: string): ISpan[] {
  const spans: ISpan[] = [];
  let foreground = '';
  let background = '';
  let isBold = false;
  let from = 0;
  const add = (until: number) => {
    if (until > from) {
      const classes = [foreground, background, isBold ? 'ansi-bold' : ''].filter(Boolean).join(' ');
      spans.push({ text: line.slice(from, until), classes });
    }
  };
  for (const match of line.matchAll(SEQUENCE)) {
    add(match.index);
    from = match.index + match[0].length;
    if (match[2] !== 'm') {
      continue;
    }
    for (const code of (match[1] || '0').split(';').map(Number)) {
      if (code === 0) {
        foreground = background = '';
        isBold = false;
      } else if (code === 1) {
        isBold = true;
      } else if (code >= 30 && code <= 37) {
        foreground = `ansi-${NAMES[code - 30]}-fg`;
      } else if (code >= 90 && code <= 97) {
        foreground = `ansi-${NAMES[code - 90]}-intense-fg`;
      } else if (code === 39) {
        foreground = '';
      } else if (code >= 40 && code <= 47) {
        background = `ansi-${NAMES[code - 40]}-bg`;
      } else if (code === 49) {
        background = '';
      }
    }
  }
  add(line.length);
  return spans;
}
