/** A field for each input column of a model, by its type. */

import * as React from 'react';

import { IField, IModelSchema } from '../api/servingtypes';
import { Entries, kindOf } from './tryit';

interface ITryFieldsProps {
  schema: IModelSchema;
  entries: Entries;
  /** The column that the latest error names. */
  blamed: string;
  onChange: (entries: Entries) => void;
}

export function TryFields({ schema, entries, blamed, onChange }: ITryFieldsProps): JSX.Element {
  return (
    <div className="wb-Try-fields">
      {schema.inputs.map(field => (
        <Field
          key={field.name}
          field={field}
          value={entries[field.name] ?? ''}
          isBlamed={field.name === blamed}
          onChange={value => onChange({ ...entries, [field.name]: value })}
        />
      ))}
    </div>
  );
}

interface IFieldProps {
  field: IField;
  value: string | boolean;
  isBlamed: boolean;
  onChange: (value: string | boolean) => void;
}

function Field({ field, value, isBlamed, onChange }: IFieldProps): JSX.Element {
  const kind = kindOf(field.dtype);
  return (
    <label className={isBlamed ? 'wb-mod-error' : ''}>
      <span className="wb-Try-name">
        {field.name} <span className="wb-Muted">{field.dtype}</span>
      </span>
      {kind === 'flag' ? (
        <input
          type="checkbox"
          checked={value === true}
          aria-invalid={isBlamed}
          onChange={event => onChange(event.target.checked)}
        />
      ) : (
        <input
          className="jp-mod-styled"
          type={kind === 'text' ? 'text' : 'number'}
          step={kind === 'whole' ? 1 : 'any'}
          value={String(value)}
          aria-invalid={isBlamed}
          onChange={event => onChange(event.target.value)}
        />
      )}
    </label>
  );
}
