/** The options of `%%train` and `%publish` as the library declares them: made by `python -m workbench.options.catalog`. */

import declared from './declarations.json';

export interface IOption {
  /** Its key in JSON, its name in Python. */
  name: string;
  /** How it is written on a line; empty for a word that needs no option before it. */
  flags: string[];
  isWord: boolean;
  metavar: string;
  help: string;
  format: string;
  /** The default in words. */
  default: string;
  /** How many words it takes, where that is not one. */
  nargs: string | null;
  /** The forms that ask for it. */
  forms: string[];
  label: string;
  placeholder: string;
  /** What its field takes; empty for anything. */
  pattern: string;
  low: number | null;
  high: number | null;
  /** Whether null means something: an empty field stands for it. */
  isNullable: boolean;
}

/** Values of options as a form has them, by name; an empty text where nothing is given. */
export type OptionValues = Record<string, string>;

export const TRAIN: Record<keyof typeof declared.train, IOption> = declared.train;
export const PUBLISH: Record<keyof typeof declared.publish, IOption> = declared.publish;

/** The options that a form asks for, in their order. */
export function optionsOfForm(form: 'train' | 'publish' | 'limits'): IOption[] {
  return Object.values<IOption>(form === 'train' ? TRAIN : PUBLISH).filter(option => option.forms.includes(form));
}

export function isNumber(option: IOption): boolean {
  return option.format === 'number' || option.format === 'whole';
}

/** A field's text as the server takes it. */
export function valueOf(option: IOption, text: string): number | string {
  return isNumber(option) ? Number(text) : text.trim();
}
