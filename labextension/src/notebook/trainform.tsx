/** The form that makes a cell a `%%train` cell, with the cluster's capacity beside the numbers. */

import * as React from 'react';

import { Dialog, showDialog } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';

import { ICluster } from '../api/types';
import { Field, FormBody } from '../components/form';
import { number } from '../components/format';
import { ITrainOptions } from './magic';

class TrainForm extends FormBody<ITrainOptions> {
  constructor(
    first: ITrainOptions,
    private readonly cluster: ICluster | null,
    private readonly trans: TranslationBundle
  ) {
    super(first);
  }

  render(): JSX.Element {
    const { trans, cluster } = this;
    const capacity = (name: string) => {
      const found = cluster?.resources[name];
      return found
        ? trans.__('%1 of %2 free', number(found.total - found.used), number(found.total))
        : cluster?.state === 'up'
          ? trans.__('the cluster has none')
          : trans.__('no cluster runs yet');
    };
    const set = (change: Partial<ITrainOptions>) => {
      this.chosen = { ...this.chosen, ...change };
    };
    return (
      <>
        <Field label={trans.__('Name')}>
          <input
            className="jp-mod-styled"
            defaultValue={this.chosen.name}
            placeholder={trans.__('made of the notebook’s name')}
            onChange={event => set({ name: event.target.value.replace(/\s+/g, '-') })}
          />
        </Field>
        <Field label={trans.__('Workers')} hint={`CPU: ${capacity('CPU')}`}>
          <input
            className="jp-mod-styled"
            type="number"
            min={1}
            defaultValue={this.chosen.workers}
            onChange={event => set({ workers: Math.max(1, Math.round(Number(event.target.value))) })}
          />
        </Field>
        <Field label={trans.__('GPUs per worker')} hint={`GPU: ${capacity('GPU')}`}>
          <input
            className="jp-mod-styled"
            type="number"
            min={0}
            step="any"
            defaultValue={this.chosen.gpusPerWorker}
            onChange={event => set({ gpusPerWorker: Math.max(0, Number(event.target.value)) })}
          />
        </Field>
        <Field label={trans.__('Names that come back')}>
          <input
            className="jp-mod-styled"
            defaultValue={this.chosen.returns}
            placeholder={trans.__('model, history')}
            onChange={event => set({ returns: event.target.value })}
          />
        </Field>
      </>
    );
  }
}

/** Ask for a train cell's options; null when the user thinks better of it, `remove` to make it a plain cell. */
export async function askForOptions(
  options: ITrainOptions,
  isTrain: boolean,
  cluster: ICluster | null,
  trans: TranslationBundle
): Promise<ITrainOptions | 'remove' | null> {
  const remove = Dialog.warnButton({ label: trans.__('Make it a plain cell') });
  const result = await showDialog<ITrainOptions>({
    title: trans.__('Run this cell with %%%%train'),
    body: new TrainForm(options, cluster, trans),
    buttons: [
      ...(isTrain ? [remove] : []),
      Dialog.cancelButton(),
      Dialog.okButton({ label: isTrain ? trans.__('Change') : trans.__('Make it a %%%%train cell') })
    ],
    focusNodeSelector: 'input'
  });
  if (result.button.label === remove.label) {
    return 'remove';
  }
  return result.button.accept ? result.value : null;
}
