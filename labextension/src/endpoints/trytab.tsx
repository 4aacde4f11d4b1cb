/** Sends a request to an endpoint, from a form made from the model's schema or as JSON. */

import * as React from 'react';

import { IAttempt, IModelSchema } from '../api/servingtypes';
import { Choice } from '../components/choice';
import { Empty } from '../components/common';
import { IEndpointTabProps } from './props';
import { TryFields } from './tryfields';
import { blamed, bodyOf, firstEntries, firstJson, hasForm, IEntered, pretty, readable } from './tryit';
import { ms } from './words';

export function TryTab(props: IEndpointTabProps): JSX.Element {
  const { endpoint, trans } = props;
  const [chosen, setChosen] = React.useState('');
  const models = Object.keys(endpoint.schemas);
  const name = models.includes(chosen) ? chosen : models[0];
  if (name === undefined) {
    return <Empty>{trans.__('No version has loaded its model yet.')}</Empty>;
  }
  return (
    <>
      {models.length > 1 && (
        <div className="wb-Curves-toolbar">
          <label>
            {trans.__('Model')}
            <select className="jp-mod-styled" value={name} onChange={event => setChosen(event.target.value)}>
              {models.map(one => (
                <option key={one}>{one}</option>
              ))}
            </select>
          </label>
        </div>
      )}
      <TryForm {...props} name={name} schema={endpoint.schemas[name]} several={models.length > 1} />
    </>
  );
}

interface ITryFormProps extends IEndpointTabProps {
  name: string;
  schema: IModelSchema;
  several: boolean;
}

function TryForm(props: ITryFormProps): JSX.Element {
  const { endpoint, model, trans, name, schema, several, entered, enter } = props;
  const canForm = hasForm(schema);
  const key = JSON.stringify([name, schema.inputs]); // A new version of the model may have other inputs.
  const first: IEntered = React.useMemo(
    () => ({
      mode: canForm ? 'form' : 'json',
      entries: firstEntries(schema),
      json: firstJson(schema),
      version: '',
      answer: null,
      problem: '',
      isBusy: false
    }),
    // `key` stands for the schema: entries survive a new schema object with the same inputs.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [key]
  );
  const { mode, entries, json, version, answer, problem, isBusy } = entered[key] ?? first;
  const set = (change: Partial<IEntered>) => enter(key, before => ({ ...(before ?? first), ...change }));
  const choose = (next: IEntered['mode']) =>
    set({ mode: next, ...(next === 'json' ? { json: pretty(bodyOf(schema, entries)) } : {}) });
  const submit = async (event: React.FormEvent) => {
    event.preventDefault();
    set({ isBusy: true });
    try {
      const body: unknown = mode === 'form' ? bodyOf(schema, entries) : JSON.parse(json);
      set({ answer: await model.api.serving.attempt(endpoint.name, body, version, several ? name : ''), problem: '' });
    } catch (error) {
      const said = (error as Error).message;
      set({
        answer: null,
        problem: error instanceof SyntaxError ? trans.__('This is not valid JSON: %1', said) : said
      });
    }
    set({ isBusy: false });
  };
  return (
    <form className="wb-Try" onSubmit={event => void submit(event)}>
      <div className="wb-Try-ask">
        <div className="wb-Curves-toolbar">
          {canForm && (
            <Choice
              label={trans.__('Input as')}
              all={[
                ['form', trans.__('Form')],
                ['json', 'JSON']
              ]}
              chosen={mode}
              onChoose={choose}
            />
          )}
          <label>
            {trans.__('Version')}
            <select className="jp-mod-styled" value={version} onChange={event => set({ version: event.target.value })}>
              <option value="">{trans.__('by traffic')}</option>
              {endpoint.versions.map(one => (
                <option key={one.label}>{one.label}</option>
              ))}
            </select>
          </label>
        </div>
        {mode === 'form' ? (
          <TryFields
            schema={schema}
            entries={entries}
            blamed={answer && answer.status >= 400 ? blamed(answer.body) : ''}
            onChange={changed => set({ entries: changed })}
          />
        ) : (
          <textarea
            className="jp-mod-styled wb-Try-json"
            aria-label={trans.__('Request as JSON')}
            spellCheck={false}
            value={json}
            onChange={event => set({ json: event.target.value })}
          />
        )}
        <button className="jp-mod-styled jp-mod-accept" type="submit" disabled={isBusy}>
          {isBusy ? trans.__('Sending…') : trans.__('Send')}
        </button>
      </div>
      <Answer answer={answer} problem={problem} schema={schema} trans={trans} />
    </form>
  );
}

interface IAnswerProps {
  answer: IAttempt | null;
  problem: string;
  schema: IModelSchema;
  trans: IEndpointTabProps['trans'];
}

function Answer({ answer, problem, schema, trans }: IAnswerProps): JSX.Element {
  if (problem) {
    return (
      <p className="wb-Try-answer wb-mod-error" role="alert">
        {problem}
      </p>
    );
  }
  if (answer === null) {
    const outputs = schema.outputs?.map(one => `${one.name || trans.__('output')}: ${one.dtype}`).join(', ');
    return (
      <p className="wb-Try-answer wb-Muted">
        {trans.__('The answer appears here.')} {outputs && trans.__('It has %1.', outputs)}
      </p>
    );
  }
  const isGood = answer.status < 400;
  return (
    <section className="wb-Try-answer" aria-label={trans.__('Answer')} aria-live="polite">
      <p>
        <span className={`wb-Chip ${isGood ? 'wb-mod-finished' : 'wb-mod-failed'}`}>{answer.status}</span>{' '}
        <span className="wb-Muted">
          {ms(answer.latency_ms)}
          {answer.version && ` · ${trans.__('version %1', answer.version)}`}
          {answer.cached && ` · ${trans.__('from the cache')}`}
        </span>
      </p>
      <pre>{readable(answer.body)}</pre>
    </section>
  );
}
