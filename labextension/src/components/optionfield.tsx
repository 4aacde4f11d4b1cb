/** The field of a declared option: its label, its help and its bounds. */

/* eslint-disable jupyter/no-dynamic-translation -- the texts come with the declarations */

import * as React from 'react';

import { TranslationBundle } from '@jupyterlab/translation';

import { IOption, isNumber } from '../api/options';
import { Field } from './form';

interface IOptionFieldProps {
  option: IOption;
  value: string;
  onChange: (value: string) => void;
  trans: TranslationBundle;
  /** What to know of it here; what the option does, where it is not given. */
  hint?: string;
  required?: boolean;
  /** What else the input has. */
  more?: React.InputHTMLAttributes<HTMLInputElement>;
}

export function OptionField(props: IOptionFieldProps): JSX.Element {
  const { option, value, onChange, trans, hint, required, more } = props;
  const number = isNumber(option)
    ? {
        type: 'number',
        min: option.low ?? undefined,
        max: option.high ?? undefined,
        step: option.format === 'whole' ? 1 : 'any'
      }
    : {};
  return (
    <Field label={trans.__(option.label)} hint={hint ?? trans.__(option.help)}>
      <input
        className="jp-mod-styled"
        value={value}
        onChange={event => onChange(event.target.value)}
        placeholder={option.placeholder && trans.__(option.placeholder)}
        pattern={option.pattern || undefined}
        required={required}
        {...number}
        {...more}
      />
    </Field>
  );
}
