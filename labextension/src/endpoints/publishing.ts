/** The form of a publication, and the options that it results in. */

import { optionsOfForm, OptionValues, valueOf } from '../api/options';

/** The traffic of a new version: all requests, a canary's share, a copy of each, or none. */
export type FirstTraffic = 'all' | 'canary' | 'shadow' | 'none';

export interface IPublishing {
  /** A run's id or name, or a registered model: `digits/3`. */
  source: string;
  /** The display name of the source. */
  title: string;
  traffic: FirstTraffic;
  isPinned: boolean;
  /** The options of `%publish` that have a field, `name` among them. */
  values: OptionValues;
}

/** Return the initial values of the form. */
export function blank(source = '', title = '', name = ''): IPublishing {
  const values = Object.fromEntries(optionsOfForm('publish').map(option => [option.name, '']));
  return {
    source,
    title,
    traffic: 'all',
    isPinned: false,
    values: { ...values, name: endpointName(name), canary: '10%' }
  };
}

/** Return a valid endpoint name made from another name. */
export function endpointName(text: string): string {
  return text
    .trim()
    .replace(/[^A-Za-z0-9_-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 63);
}

/** The options as `%publish` has them, without the name; what was left empty is left to it. */
export function optionsOf({ values, traffic, isPinned }: IPublishing): Record<string, unknown> {
  const given = optionsOfForm('publish').filter(
    ({ name }) => name !== 'name' && (name !== 'canary' || traffic === 'canary') && values[name].trim()
  );
  return {
    ...Object.fromEntries(given.map(option => [option.name, valueOf(option, values[option.name])])),
    ...(traffic === 'shadow' && { shadow: true }),
    ...(traffic === 'none' && { traffic: false }),
    ...(isPinned && { env: 'pinned' })
  };
}
