/** The dialog that changes what clients may ask of an endpoint. */

import * as React from 'react';

import { Dialog, showDialog } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';

import { IEndpoint } from '../api/servingtypes';
import { Field, FormBody } from '../components/form';
import { changesOf, ILimits, limitsOf } from './limits';

class LimitsForm extends FormBody<ILimits> {
  constructor(
    first: ILimits,
    private readonly trans: TranslationBundle
  ) {
    super(first);
  }

  render(): JSX.Element {
    const { chosen, trans } = this;
    const field = (
      key: keyof ILimits,
      label: string,
      hint: string,
      more: React.InputHTMLAttributes<HTMLInputElement>
    ) => (
      <Field label={label} hint={hint}>
        <input
          className="jp-mod-styled"
          defaultValue={chosen[key]}
          onChange={event => (this.chosen = { ...this.chosen, [key]: event.target.value })}
          {...more}
        />
      </Field>
    );
    return (
      <>
        {field(
          'rate',
          trans.__('Requests per second and token'),
          trans.__('Those over it are told when to ask again (429). Empty: any number.'),
          { type: 'number', min: 0, step: 'any', placeholder: trans.__('any number') }
        )}
        {field('body', trans.__('Largest request'), trans.__('In bytes, or as 512k, 16M, 1G'), {
          required: true,
          pattern: '\\s*\\d+(\\.\\d+)?\\s*[kKmMgG]?[iI]?[bB]?\\s*'
        })}
        {field(
          'cache',
          trans.__('Answers to keep'),
          trans.__('Requests that come again, the same to the byte, are not computed again.'),
          { type: 'number', required: true, min: 0, step: 1 }
        )}
        {field(
          'samples',
          trans.__('Samples to keep'),
          trans.__('Requests of each version with their answers, to look at. 0 forgets those that there are.'),
          { type: 'number', required: true, min: 0, max: 1000, step: 1 }
        )}
      </>
    );
  }
}

/** Ask for limits; what the user changed, empty where that is nothing. */
export async function askForLimits(endpoint: IEndpoint, trans: TranslationBundle): Promise<Record<string, unknown>> {
  const before = limitsOf(endpoint.limits);
  const answer = await showDialog<ILimits>({
    title: trans.__('Limits of %1', endpoint.name),
    body: new LimitsForm(before, trans),
    buttons: [Dialog.cancelButton(), Dialog.okButton({ label: trans.__('Set') })],
    focusNodeSelector: 'input'
  });
  return answer.button.accept && answer.value ? changesOf(before, answer.value) : {};
}
