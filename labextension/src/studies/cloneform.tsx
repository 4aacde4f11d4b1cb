/** The dialog that asks for values to try next, starting from those of a trial. */

import * as React from 'react';

import { Dialog, showDialog } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';

import { ParamValue } from '../api/studytypes';
import { Field, FormBody } from '../components/form';
import { IStudyData, ITrial, shown } from './study';

type Values = Record<string, ParamValue>;

class CloneForm extends FormBody<Values> {
  constructor(
    private readonly study: IStudyData,
    first: Values
  ) {
    super(first);
  }

  render(): JSX.Element {
    return <Form study={this.study} first={this.chosen} onChange={values => (this.chosen = values)} />;
  }
}

function Form(props: { study: IStudyData; first: Values; onChange: (values: Values) => void }): JSX.Element {
  const [values, setValues] = React.useState(props.first);
  const set = (name: string, value: ParamValue) => {
    const next = { ...values, [name]: value };
    setValues(next);
    props.onChange(next);
  };
  return (
    <>
      {Object.keys(props.study.kinds)
        .sort()
        .map(name => {
          const kind = props.study.kinds[name];
          return (
            <Field key={name} label={name}>
              {kind.choices ? (
                <select
                  className="jp-mod-styled"
                  value={shown(values[name])}
                  onChange={event => set(name, event.target.value)}
                >
                  {kind.choices.map(choice => (
                    <option key={shown(choice)} value={shown(choice)}>
                      {shown(choice)}
                    </option>
                  ))}
                </select>
              ) : (
                <input
                  className="jp-mod-styled"
                  type="number"
                  step="any"
                  min={kind.low}
                  max={kind.high}
                  title={`${kind.low} … ${kind.high}`}
                  value={values[name] === undefined ? '' : String(values[name])}
                  onChange={event => set(name, event.target.value === '' ? null : Number(event.target.value))}
                />
              )}
            </Field>
          );
        })}
    </>
  );
}

/** Ask for the values of a trial to try, or null if the user cancels. */
export async function askForValues(study: IStudyData, trial: ITrial, trans: TranslationBundle): Promise<Values | null> {
  const first = Object.fromEntries(
    Object.entries(study.kinds).map(([name, kind]) => [
      name,
      trial.params[name] ?? kind.choices?.[0] ?? kind.low ?? null
    ])
  );
  const answer = await showDialog<Values>({
    title: trans.__('Values to try next'),
    body: new CloneForm(study, first),
    buttons: [Dialog.cancelButton(), Dialog.okButton({ label: trans.__('Try them') })],
    focusNodeSelector: 'input, select'
  });
  if (!answer.button.accept || !answer.value) {
    return null;
  }
  return Object.fromEntries(Object.entries(answer.value).filter(([, value]) => value !== null));
}
