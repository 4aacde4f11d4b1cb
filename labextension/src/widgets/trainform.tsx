/** The form that makes a cell a `%%train` cell, with the cluster's capacity beside the numbers. */

import * as React from 'react';

import { Dialog, showDialog } from '@jupyterlab/apputils';
import { ReactWidget } from '@jupyterlab/ui-components';
import { TranslationBundle } from '@jupyterlab/translation';

import { number } from '../format';
import { ITrainOptions } from '../magic';
import { ICluster } from '../tokens';

class TrainForm extends ReactWidget implements Dialog.IBodyWidget<ITrainOptions> {
  constructor(
    private options: ITrainOptions,
    private readonly cluster: ICluster | null,
    private readonly trans: TranslationBundle
  ) {
    super();
    this.addClass('wb-TrainForm');
  }

  getValue(): ITrainOptions {
    return this.options;
  }

  render(): JSX.Element {
    const { trans, cluster } = this;
    const has = (name: string) => cluster?.resources[name];
    const capacity = (name: string) => {
      const found = has(name);
      return found
        ? trans.__('%1 of %2 free', number(found.total - found.used), number(found.total))
        : cluster?.state === 'up'
          ? trans.__('the cluster has none')
          : trans.__('no cluster runs yet');
    };
    const set = (change: Partial<ITrainOptions>) => {
      this.options = { ...this.options, ...change };
    };
    return (
      <>
        <label>
          {trans.__('Name')}
          <input
            className="jp-mod-styled"
            defaultValue={this.options.name}
            placeholder={trans.__('made of the notebook’s name')}
            onChange={event => set({ name: event.target.value.replace(/\s+/g, '-') })}
          />
        </label>
        <label>
          {trans.__('Workers')}
          <input
            className="jp-mod-styled"
            type="number"
            min={1}
            defaultValue={this.options.workers}
            onChange={event => set({ workers: Math.max(1, Math.round(Number(event.target.value))) })}
          />
          <span className="wb-Muted">CPU: {capacity('CPU')}</span>
        </label>
        <label>
          {trans.__('GPUs per worker')}
          <input
            className="jp-mod-styled"
            type="number"
            min={0}
            step="any"
            defaultValue={this.options.gpusPerWorker}
            onChange={event => set({ gpusPerWorker: Math.max(0, Number(event.target.value)) })}
          />
          <span className="wb-Muted">GPU: {capacity('GPU')}</span>
        </label>
        <label>
          {trans.__('Names that come back')}
          <input
            className="jp-mod-styled"
            defaultValue={this.options.returns}
            placeholder="model, history"
            onChange={event => set({ returns: event.target.value })}
          />
        </label>
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
