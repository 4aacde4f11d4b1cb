/** The limits of an endpoint as texts of a form, and the changes made to them. */

import { optionsOfForm, OptionValues, valueOf } from '../api/options';
import { IEndpoint } from '../api/servingtypes';

/** What a form begins with; an empty text for any number. */
export function limitsOf(limits: IEndpoint['limits']): OptionValues {
  const known: Record<string, number | null> = { ...limits };
  return Object.fromEntries(
    optionsOfForm('limits').map(option => {
      const value = known[option.name];
      return [option.name, value === null ? '' : option.name === 'max_body' ? bytesText(value) : String(value)];
    })
  );
}

/** Return the changed limits as the server expects them. */
export function changesOf(before: OptionValues, after: OptionValues): Record<string, unknown> {
  const changed = optionsOfForm('limits').filter(({ name }) => after[name].trim() !== before[name]);
  return Object.fromEntries(
    changed.map(option => [option.name, after[option.name].trim() ? valueOf(option, after[option.name]) : null])
  );
}

/** Format bytes exactly, as `%publish --max-body` takes them. */
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
