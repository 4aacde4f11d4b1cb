/** The dialog that changes the limits of an endpoint. */

import * as React from 'react';

import { Dialog, showDialog } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';

import { optionsOfForm, OptionValues } from '../api/options';
import { IEndpoint } from '../api/servingtypes';
import { FormBody } from '../components/form';
import { OptionField } from '../components/optionfield';
import { changesOf, limitsOf } from './limits';

class LimitsForm extends FormBody<OptionValues> {
  constructor(
    first: OptionValues,
    private readonly trans: TranslationBundle
  ) {
    super(first);
  }

  render(): JSX.Element {
    return <Form first={this.chosen} onChange={values => (this.chosen = values)} trans={this.trans} />;
  }
}

interface IFormProps {
  first: OptionValues;
  onChange: (values: OptionValues) => void;
  trans: TranslationBundle;
}

function Form({ first, onChange, trans }: IFormProps): JSX.Element {
  const [values, setValues] = React.useState(first);
  const set = (name: string, value: string) => {
    const next = { ...values, [name]: value };
    setValues(next);
    onChange(next);
  };
  return (
    <>
      {optionsOfForm('limits').map(option => (
        <OptionField
          key={option.name}
          option={option}
          value={values[option.name]}
          onChange={value => set(option.name, value)}
          trans={trans}
          required={!option.isNullable}
        />
      ))}
    </>
  );
}

/** Ask for limits and return those that the user changed. */
export async function askForLimits(endpoint: IEndpoint, trans: TranslationBundle): Promise<Record<string, unknown>> {
  const before = limitsOf(endpoint.limits);
  const answer = await showDialog<OptionValues>({
    title: trans.__('Limits of %1', endpoint.name),
    body: new LimitsForm(before, trans),
    buttons: [Dialog.cancelButton(), Dialog.okButton({ label: trans.__('Set') })],
    focusNodeSelector: 'input'
  });
  return answer.button.accept && answer.value ? changesOf(before, answer.value) : {};
}
