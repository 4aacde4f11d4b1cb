/** The first line of a `%%train` cell: read and written by the declared options, without touching the rest. */

import { IOption, optionsOfForm, OptionValues, TRAIN } from '../api/options';

const LINE = /^%%train\b(.*)$/;
/** A word of a line; quotes group, as in a shell. */
const WORD = /(?:"[^"]*"|'[^']*'|[^\s"'])+/g;

/** An option with the words that it takes, as they were typed; null for words that belong to none. */
interface IPart {
  option: IOption | null;
  words: string[];
}

/** Check whether a cell starts a run or a sweep: such cells have a badge. */
export function startsRuns(source: string): boolean {
  return /^%%(train|sweep)\b/.test(source);
}

export function isTrainCell(source: string): boolean {
  return LINE.test(source.split('\n', 1)[0]);
}

/** What the form has where a cell says nothing. */
export function noOptions(): OptionValues {
  return Object.fromEntries(optionsOfForm('train').map(option => [option.name, '']));
}

/** What a cell's `%%train` line asks for, of what the form asks; null where it has none. */
export function readOptions(source: string): OptionValues | null {
  const match = LINE.exec(source.split('\n', 1)[0]);
  if (!match) {
    return null;
  }
  const values = noOptions();
  for (const { option, words } of partsOf(match[1])) {
    if (option && option.name in values) {
      const [first, ...rest] = words;
      const value = option.isWord ? first : rest.length > 0 ? rest.join(' ') : first.slice(first.indexOf('=') + 1);
      values[option.name] = value.replace(/["']/g, '');
    }
  }
  return values;
}

/** The cell with these options on its first line; options that the form does not know are kept. */
export function writeOptions(source: string, values: OptionValues): string {
  const lines = source.split('\n');
  const before = LINE.exec(lines[0]);
  if (before) {
    lines.shift();
  }
  const kept = partsOf(before?.[1] ?? '').filter(({ option }) => !option || !(option.name in values));
  const given = optionsOfForm('train').flatMap(option => wordsOf(option, values[option.name].trim()));
  return [['%%train', ...given, ...kept.flatMap(part => part.words)].join(' '), ...lines].join('\n');
}

/** The cell without its `%%train` line. */
export function withoutTrain(source: string): string {
  return isTrainCell(source) ? source.split('\n').slice(1).join('\n') : source;
}

/** A line's words, grouped by the options that they belong to. */
function partsOf(line: string): IPart[] {
  const options = Object.values<IOption>(TRAIN);
  const byFlag = new Map(options.flatMap(option => option.flags.map(flag => [flag, option] as const)));
  const words = line.match(WORD) ?? [];
  const parts: IPart[] = [];
  for (let place = 0; place < words.length;) {
    const word = words[place++];
    const option = byFlag.get(word.split('=')[0]) ?? null;
    if (!option) {
      parts.push({ option: place === 1 && !word.startsWith('-') ? TRAIN.name : null, words: [word] });
      continue;
    }
    const taken = [word];
    const most = option.format === 'switch' || word.includes('=') ? 0 : option.nargs === '+' ? Infinity : 1;
    while (taken.length <= most && place < words.length && !byFlag.has(words[place].split('=')[0])) {
      taken.push(words[place++]);
    }
    parts.push({ option, words: taken });
  }
  return parts;
}

/** An option as it is written; nothing where it is its default. */
function wordsOf(option: IOption, value: string): string[] {
  const text = option.metavar.includes(',')
    ? value
        .split(/[\s,]+/)
        .filter(Boolean)
        .join(',')
    : value;
  const isUsual = text === option.default || (option.format !== 'text' && Number(text) === Number(option.default));
  return text === '' || isUsual ? [] : option.isWord ? [text] : [option.flags[0], text];
}
