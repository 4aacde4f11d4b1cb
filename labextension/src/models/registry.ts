/** Registered models as the rows of a list: models, and below an open one its versions. */

import { PUBLISH } from '../api/options';
import { IModel, IModelVersion } from '../api/servingtypes';

/** The default alias of `%publish` and of promotions. */
export const CHAMPION = 'champion';

export type ModelRow = { model: IModel; version: IModelVersion | null };

/** Return the rows of the models whose name or alias contains a text, with the versions of open ones. */
export function rowsOf(models: IModel[], open: ReadonlySet<string>, wanted: string): ModelRow[] {
  const text = wanted.trim().toLowerCase();
  const isWanted = (model: IModel) =>
    [model.name, ...Object.keys(model.aliases)].some(word => word.toLowerCase().includes(text));
  return models
    .filter(isWanted)
    .flatMap(model => [
      { model, version: null },
      ...(open.has(model.name) ? model.versions.map(version => ({ model, version })) : [])
    ]);
}

/** The pattern of an alias: it must not look like a version, and `latest` is reserved by MLflow. */
const ALIAS_PATTERN = PUBLISH.alias.pattern;

/** Check that MLflow accepts a text as an alias. */
export function isAlias(text: string): boolean {
  return new RegExp(`^${ALIAS_PATTERN}$`, 'u').test(text);
}

/** Return the endpoints that serve any version of a model. */
export function servedBy(model: IModel): string[] {
  return [...new Set(model.versions.flatMap(version => version.endpoints))].sort();
}
