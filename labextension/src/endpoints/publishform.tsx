/** The dialog that publishes a run's model, or a registered one. */

import * as React from 'react';

import { Dialog, showDialog } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';

import { IOption, optionsOfForm, PUBLISH } from '../api/options';
import { ICluster } from '../api/types';
import { Field, FormBody, useValidity } from '../components/form';
import { number } from '../components/format';
import { OptionField } from '../components/optionfield';
import { FirstTraffic, IPublishing } from './publishing';

/** The options that have a place of their own in the form; the others are below More. */
const PLACED: IOption[] = [PUBLISH.name, PUBLISH.replicas, PUBLISH.slo, PUBLISH.canary];
const MORE = optionsOfForm('publish').filter(option => !PLACED.includes(option));

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
  const field = (option: IOption, more: Partial<React.ComponentProps<typeof OptionField>> = {}) => (
    <OptionField
      key={option.name}
      option={option}
      value={chosen.values[option.name]}
      onChange={value => set({ values: { ...chosen.values, [option.name]: value } })}
      trans={trans}
      {...more}
    />
  );
  const free = cpu && trans.__('%1 of %2 free', number(cpu.total - cpu.used), number(cpu.total));
  return (
    <>
      {!hasSource && (
        <Field
          label={trans.__('What')}
          hint={trans.__('a run, or a registered model: digits, digits/3, digits@champion')}
        >
          <input
            className="jp-mod-styled"
            value={chosen.source}
            onChange={event => set({ source: event.target.value })}
            required
          />
        </Field>
      )}
      {field(PUBLISH.name, {
        hint: trans.__('An existing endpoint gets a new version, and keeps its value of what is left empty.'),
        required: hasSource,
        more: { maxLength: 63 }
      })}
      <div className="wb-Pair">
        {field(PUBLISH.replicas)}
        {field(PUBLISH.slo)}
      </div>
      <Field label={trans.__('Traffic once it is ready')}>
        <select
          className="jp-mod-styled"
          value={chosen.traffic}
          onChange={event => set({ traffic: event.target.value as FirstTraffic })}
        >
          <option value="all">{trans.__('all')}</option>
          <option value="canary">{trans.__('some at first (canary), then all or none')}</option>
          <option value="shadow">{trans.__('a copy of each (shadow)')}</option>
          <option value="none">{trans.__('none until it is promoted')}</option>
        </select>
      </Field>
      {chosen.traffic === 'canary' && field(PUBLISH.canary, { required: true })}
      <details>
        <summary>{trans.__('More')}</summary>
        {MORE.map(option => field(option, option === PUBLISH.cpus ? { hint: free ?? '' } : {}))}
        <label className="wb-mod-check">
          <input
            type="checkbox"
            checked={chosen.isPinned}
            onChange={event => set({ isPinned: event.target.checked })}
          />
          {trans.__('With the packages it was logged with, instead of the cluster’s')}
        </label>
      </details>
    </>
  );
}

/** Ask how to publish a model, or return null if the user cancels. */
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
