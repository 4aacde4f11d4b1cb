/** The dialog that deletes old runs, after it has counted them. */

import * as React from 'react';

import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';

import { Field, FormBody } from '../components/form';
import { WorkbenchModel } from '../model';

interface ITidying {
  states: string[];
  days: number;
}

class TidyForm extends FormBody<ITidying> {
  constructor(
    private readonly model: WorkbenchModel,
    private readonly trans: TranslationBundle
  ) {
    super({ states: ['failed', 'stopped'], days: 7 });
  }

  render(): JSX.Element {
    return (
      <Form model={this.model} trans={this.trans} first={this.chosen} onChange={chosen => (this.chosen = chosen)} />
    );
  }
}

interface IFormProps {
  model: WorkbenchModel;
  trans: TranslationBundle;
  first: ITidying;
  onChange: (chosen: ITidying) => void;
}

function Form({ model, trans, first, onChange }: IFormProps): JSX.Element {
  const [chosen, setChosen] = React.useState(first);
  const [said, setSaid] = React.useState('');
  const set = (change: Partial<ITidying>) => {
    const next = { ...chosen, ...change };
    setChosen(next);
    onChange(next);
  };
  React.useEffect(() => {
    let isWanted = true;
    const say = (text: string) => isWanted && setSaid(text);
    say(trans.__('Counting…'));
    if (chosen.states.length === 0) {
      say(trans.__('Choose at least one state.'));
    } else {
      model.api
        .tidy(chosen.states, chosen.days, true)
        .then(({ count }) => say(trans._n('%1 run would be deleted.', '%1 runs would be deleted.', count)))
        .catch(error => say((error as Error).message));
    }
    return () => {
      isWanted = false;
    };
  }, [chosen, model, trans]);
  const states: [string, string][] = [
    ['failed', trans.__('failed')],
    ['stopped', trans.__('stopped')],
    ['finished', trans.__('finished')]
  ];
  return (
    <>
      <fieldset className="wb-Compare-axes">
        <legend>{trans.__('Runs that')}</legend>
        {states.map(([state, label]) => (
          <label key={state}>
            <input
              type="checkbox"
              checked={chosen.states.includes(state)}
              onChange={event =>
                set({
                  states: event.target.checked
                    ? [...chosen.states, state]
                    : chosen.states.filter(other => other !== state)
                })
              }
            />
            {label}
          </label>
        ))}
      </fieldset>
      <Field label={trans.__('and ended at least this many days ago')}>
        <input
          className="jp-mod-styled"
          type="number"
          min={0}
          value={chosen.days}
          onChange={event => set({ days: Math.max(0, Number(event.target.value)) })}
        />
      </Field>
      <p className="wb-Muted" role="status">
        {said}
      </p>
      <p className="wb-Muted">{trans.__('MLflow keeps deleted runs until `mlflow gc`; they are no longer listed.')}</p>
    </>
  );
}

/** Ask what to delete, and delete it. */
export async function tidyRuns(model: WorkbenchModel, trans: TranslationBundle): Promise<void> {
  const answer = await showDialog<ITidying>({
    title: trans.__('Tidy up runs'),
    body: new TidyForm(model, trans),
    buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: trans.__('Delete') })]
  });
  if (!answer.button.accept || !answer.value?.states.length) {
    return;
  }
  try {
    const { count } = await model.api.tidy(answer.value.states, answer.value.days, false);
    Notification.success(trans._n('%1 run deleted.', '%1 runs deleted.', count));
  } catch (error) {
    Notification.error((error as Error).message);
  }
}
