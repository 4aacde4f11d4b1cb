/** The form that makes a cell a `%%train` cell, with the cluster's capacity beside the numbers. */

import * as React from 'react';

import { Dialog, showDialog } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';

import { IOption, optionsOfForm, OptionValues, TRAIN } from '../api/options';
import { ICluster } from '../api/types';
import { FormBody } from '../components/form';
import { number } from '../components/format';
import { OptionField } from '../components/optionfield';

class TrainForm extends FormBody<OptionValues> {
  constructor(
    first: OptionValues,
    private readonly cluster: ICluster | null,
    private readonly trans: TranslationBundle
  ) {
    super(first);
  }

  render(): JSX.Element {
    return (
      <Form first={this.chosen} onChange={values => (this.chosen = values)} cluster={this.cluster} trans={this.trans} />
    );
  }
}

interface IFormProps {
  first: OptionValues;
  onChange: (values: OptionValues) => void;
  cluster: ICluster | null;
  trans: TranslationBundle;
}

function Form({ first, onChange, cluster, trans }: IFormProps): JSX.Element {
  const [values, setValues] = React.useState(first);
  const set = (name: string, value: string) => {
    const next = { ...values, [name]: name === TRAIN.name.name ? value.replace(/\s+/g, '-') : value };
    setValues(next);
    onChange(next);
  };
  const capacity = (name: string) => {
    const found = cluster?.resources[name];
    return found
      ? trans.__('%1 of %2 free', number(found.total - found.used), number(found.total))
      : cluster?.state === 'up'
        ? trans.__('the cluster has none')
        : trans.__('no cluster is running');
  };
  const hints = new Map<IOption, string>([
    [TRAIN.name, ''],
    [TRAIN.workers, `CPU: ${capacity('CPU')}`],
    [TRAIN.gpus_per_worker, `GPU: ${capacity('GPU')}`]
  ]);
  return (
    <>
      {optionsOfForm('train').map(option => (
        <OptionField
          key={option.name}
          option={option}
          value={values[option.name]}
          onChange={value => set(option.name, value)}
          trans={trans}
          hint={hints.get(option)}
        />
      ))}
    </>
  );
}

/** Ask for the options of a train cell: null if the user cancels, `remove` to make it a plain cell. */
export async function askForOptions(
  options: OptionValues,
  isTrain: boolean,
  cluster: ICluster | null,
  trans: TranslationBundle
): Promise<OptionValues | 'remove' | null> {
  const remove = Dialog.warnButton({ label: trans.__('Make it a plain cell') });
  const result = await showDialog<OptionValues>({
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
