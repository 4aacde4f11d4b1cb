/** The dialog that publishes a run's model, or a registered one. */

import * as React from 'react';

import { Dialog, showDialog } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';

import { ICluster } from '../api/types';
import { Field, FormBody, useValidity } from '../components/form';
import { number } from '../components/format';
import { ALIAS_PATTERN } from '../models/registry';
import { FirstTraffic, IPublishing } from './publishing';

class PublishForm extends FormBody<IPublishing> {
  constructor(
    private readonly hasSource: boolean,
    first: IPublishing,
    private readonly cluster: ICluster | null,
    private readonly trans: TranslationBundle
  ) {
    super(first);
    this.addClass('wb-PublishForm');
  }

  render(): JSX.Element {
    return (
      <Form
        hasSource={this.hasSource}
        first={this.chosen}
        cluster={this.cluster}
        trans={this.trans}
        onChange={chosen => (this.chosen = chosen)}
      />
    );
  }
}

interface IFormProps {
  hasSource: boolean;
  first: IPublishing;
  cluster: ICluster | null;
  trans: TranslationBundle;
  onChange: (chosen: IPublishing) => void;
}

function Form({ hasSource, first, cluster, trans, onChange }: IFormProps): JSX.Element {
  const [chosen, setChosen] = React.useState(first);
  const set = (change: Partial<IPublishing>) => {
    const next = { ...chosen, ...change };
    setChosen(next);
    onChange(next);
  };
  useValidity(chosen.traffic);
  const cpu = cluster?.resources.CPU;
  const field = (label: string, hint: string, input: JSX.Element) => (
    <Field label={label} hint={hint}>
      {input}
    </Field>
  );
  const text = (
    key: Exclude<keyof IPublishing, 'isPinned' | 'traffic'>,
    more: React.InputHTMLAttributes<HTMLInputElement> = {}
  ) => (
    <input
      className="jp-mod-styled"
      value={chosen[key]}
      onChange={event => set({ [key]: event.target.value })}
      {...more}
    />
  );
  return (
    <>
      {!hasSource &&
        field(
          trans.__('What'),
          trans.__('a run, or a registered model: digits, digits/3, digits@champion'),
          text('source', { required: true })
        )}
      {field(
        trans.__('Name of the endpoint'),
        trans.__('An endpoint of that name gets a new version. What is left empty stays as it has it.'),
        text('name', { pattern: '[A-Za-z0-9][A-Za-z0-9_\\-]*', maxLength: 63, required: hasSource })
      )}
      <div className="wb-Pair">
        {field(
          trans.__('Replicas'),
          trans.__('2, or 1..4 by load; 0..4 may sleep'),
          text('replicas', { pattern: '\\d+(\\.\\.\\d+)?', placeholder: '1' })
        )}
        {field(
          trans.__('Latency objective'),
          trans.__('batches as large as it allows'),
          text('slo', { pattern: '\\d+(\\.\\d+)?\\s*(ms|s)?', placeholder: trans.__('20ms') })
        )}
      </div>
      {field(
        trans.__('Requests that it gets once it answers'),
        '',
        <select
          className="jp-mod-styled"
          value={chosen.traffic}
          onChange={event => set({ traffic: event.target.value as FirstTraffic })}
        >
          <option value="all">{trans.__('all')}</option>
          <option value="canary">{trans.__('some on trial (canary), then all or none')}</option>
          <option value="shadow">{trans.__('a copy of each (shadow)')}</option>
          <option value="none">{trans.__('none until it is promoted')}</option>
        </select>
      )}
      {chosen.traffic === 'canary' &&
        field(
          trans.__('Canary'),
          trans.__('Percent, step by step: 10%,50%. It goes back by itself where it errs more or is slower.'),
          text('canary', { pattern: '\\s*\\d+(\\.\\d+)?\\s*%?(\\s*,\\s*\\d+(\\.\\d+)?\\s*%?)*\\s*', required: true })
        )}
      <details>
        <summary>{trans.__('More')}</summary>
        {field(
          trans.__('CPUs of a replica'),
          cpu ? trans.__('%1 of %2 free', number(cpu.total - cpu.used), number(cpu.total)) : '',
          text('cpus', { type: 'number', min: 0, step: 'any', placeholder: trans.__('as usual') })
        )}
        {field(
          trans.__('GPUs of a replica'),
          trans.__('0.5 shares one'),
          text('gpus', { type: 'number', min: 0, step: 'any', placeholder: '0' })
        )}
        {field(
          trans.__('Answers to keep'),
          trans.__('for requests that come again'),
          text('cache', { type: 'number', min: 0, step: 1, placeholder: '0' })
        )}
        {field(
          trans.__('Samples to keep'),
          trans.__('requests with their answers; 0 keeps none'),
          text('samples', { type: 'number', min: 0, max: 1000, step: 1, placeholder: '100' })
        )}
        {field(
          trans.__('Alias'),
          trans.__('that its version gets when all requests are its own'),
          text('alias', { pattern: ALIAS_PATTERN, placeholder: trans.__('champion') })
        )}
        <label className="wb-mod-check">
          <input
            type="checkbox"
            checked={chosen.isPinned}
            onChange={event => set({ isPinned: event.target.checked })}
          />
          {trans.__('With the packages that it was logged with, not the cluster’s')}
        </label>
      </details>
    </>
  );
}

/** Ask how to publish something, null where the user thinks better of it. */
export async function askHowToPublish(
  hasSource: boolean,
  first: IPublishing,
  cluster: ICluster | null,
  trans: TranslationBundle
): Promise<IPublishing | null> {
  const answer = await showDialog<IPublishing>({
    title: hasSource ? trans.__('Publish %1', first.title || first.source) : trans.__('Publish a model'),
    body: new PublishForm(hasSource, first, cluster, trans),
    buttons: [Dialog.cancelButton(), Dialog.okButton({ label: trans.__('Publish') })],
    focusNodeSelector: 'input'
  });
  return answer.button.accept ? answer.value : null;
}
