/** A form for a model's inputs: fields from its schema and its example, and the request that they make. */

import { IAttempt, IField, IModelSchema } from '../api/servingtypes';

export type FieldKind = 'whole' | 'number' | 'flag' | 'text';

/** Entries by column: text, or a boolean. */
export type Entries = Record<string, string | boolean>;

/** What was entered for a model, and what came of it. */
export interface IEntered {
  mode: 'form' | 'json';
  entries: Entries;
  json: string;
  version: string;
  answer: IAttempt | null;
  problem: string;
  isBusy: boolean;
}

/** The maximum number of fields in a form; wider inputs are entered as JSON. */
export const MOST_FIELDS = 200;

/** Return the kind of field for a dtype. */
export function kindOf(dtype: string): FieldKind {
  if (/^u?int/.test(dtype)) {
    return 'whole';
  }
  if (/^(float|double|complex)/.test(dtype)) {
    return 'number';
  }
  return /^bool/.test(dtype) ? 'flag' : 'text';
}

/** Check whether a form with one field per column can take the inputs. */
export function hasForm(schema: IModelSchema | undefined): boolean {
  return schema !== undefined && schema.is_columns && schema.inputs.length > 0 && schema.inputs.length <= MOST_FIELDS;
}

/** Return the first row of an example in any of the body formats; empty if it has no columns. */
export function firstRecord(example: string | null, columns: string[]): Record<string, unknown> {
  const body = parsed(example);
  const table = isObject(body) ? body.dataframe_split : undefined;
  if (isObject(table) && Array.isArray(table.columns) && Array.isArray(table.data)) {
    return named(table.columns as string[], table.data[0]);
  }
  const rows = isObject(body) ? (body.dataframe_records ?? body.inputs ?? body.instances ?? body) : body;
  if (Array.isArray(rows)) {
    return isObject(rows[0]) ? rows[0] : named(columns, rows[0]);
  }
  if (!isObject(rows)) {
    return {};
  }
  return Object.fromEntries(
    Object.entries(rows).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value])
  );
}

/** Return the initial entries of the form: the first row of the example. */
export function firstEntries(schema: IModelSchema): Entries {
  const record = firstRecord(
    schema.example,
    schema.inputs.map(field => field.name)
  );
  return Object.fromEntries(
    schema.inputs.map(({ name, dtype }) => [
      name,
      kindOf(dtype) === 'flag' ? record[name] === true : textOf(record[name])
    ])
  );
}

/** Return the text of a value of the example in its field. */
function textOf(value: unknown): string {
  if (value === undefined || value === null) {
    return '';
  }
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Return the initial JSON: the example, one row per line, else zeros of the right shape. */
export function firstJson(schema: IModelSchema | undefined): string {
  const example = parsed(schema?.example ?? null);
  if (example !== undefined) {
    return pretty(example);
  }
  const inputs = schema?.inputs ?? [];
  return inputs.length === 1
    ? pretty({ inputs: zeros(inputs[0]) })
    : pretty({ inputs: Object.fromEntries(inputs.map(one => [one.name, zeros(one)])) });
}

/** Return the request body of the entries; an empty number is null. */
export function bodyOf(schema: IModelSchema, entries: Entries): unknown {
  const record = Object.fromEntries(
    schema.inputs.map(({ name, dtype }) => [name, valueOf(entries[name] ?? '', dtype)])
  );
  return { dataframe_records: [record] };
}

/** Format JSON with a line for each list of plain values, so that a matrix reads as one. */
export function pretty(value: unknown, indent = ''): string {
  const deeper = `${indent}  `;
  const block = (open: string, parts: string[], close: string) =>
    parts.length ? `${open}\n${deeper}${parts.join(`,\n${deeper}`)}\n${indent}${close}` : open + close;
  if (Array.isArray(value)) {
    return value.every(item => typeof item !== 'object' || item === null)
      ? `[${value.map(item => JSON.stringify(item)).join(', ')}]`
      : block(
          '[',
          value.map(item => pretty(item, deeper)),
          ']'
        );
  }
  if (isObject(value)) {
    return block(
      '{',
      Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${pretty(item, deeper)}`),
      '}'
    );
  }
  return JSON.stringify(value);
}

/** Format an answer: JSON is indented, other text unchanged. */
export function readable(text: string): string {
  const value = parsed(text);
  return value === undefined ? text : pretty(value);
}

/** Return the input that an error names, or an empty string. */
export function blamed(text: string): string {
  const value = parsed(text);
  return isObject(value) && typeof value.field === 'string' ? value.field : '';
}

function valueOf(entry: string | boolean, dtype: string): unknown {
  const kind = kindOf(dtype);
  if (typeof entry === 'boolean' || kind === 'text' || kind === 'flag') {
    return entry;
  }
  return entry.trim() === '' ? null : Number(entry);
}

function zeros({ dtype, shape }: IField): unknown {
  const [length, ...rest] = shape;
  if (length === undefined) {
    return kindOf(dtype) === 'text' ? '' : kindOf(dtype) === 'flag' ? false : 0;
  }
  return Array.from({ length: length < 0 ? 1 : length }, () => zeros({ name: '', dtype, shape: rest }));
}

function named(columns: string[], row: unknown): Record<string, unknown> {
  return Array.isArray(row) ? Object.fromEntries(columns.map((name, index) => [name, row[index]])) : {};
}

function parsed(text: string | null): unknown {
  try {
    return text === null ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
