/** Sampled requests of a version and their answers. */

import * as React from 'react';

import { IEndpoint, ISample } from '../api/servingtypes';
import { Empty, Problem } from '../components/common';
import { ago } from '../components/format';
import { usePolled } from '../components/polled';
import { IEndpointTabProps } from './props';
import { readable } from './tryit';
import { ms } from './words';

const LOOK_EVERY_MS = 5000;

export function SamplesTab(props: IEndpointTabProps): JSX.Element {
  const { endpoint, model, widget, trans } = props;
  const [chosen, setChosen] = React.useState('');
  const version = endpoint.versions.some(one => one.label === chosen) ? chosen : newest(endpoint);
  const read = React.useCallback(
    () => model.api.serving.samples(endpoint.name, version).then(answer => answer.samples),
    [model, endpoint.name, version]
  );
  const { data, error, refresh } = usePolled<ISample[]>(read, widget, LOOK_EVERY_MS);
  const most = endpoint.limits.samples;
  return (
    <>
      <div className="wb-Curves-toolbar">
        <label>
          {trans.__('Version')}
          <select className="jp-mod-styled" value={version} onChange={event => setChosen(event.target.value)}>
            {endpoint.versions.map(one => (
              <option key={one.label}>{one.label}</option>
            ))}
          </select>
        </label>
        {most > 0 && (
          <span className="wb-Muted">
            {trans._n(
              'One, drawn at random, kept with the version’s run in MLflow',
              'Up to %1, drawn at random, kept with the version’s run in MLflow',
              most
            )}
          </span>
        )}
      </div>
      {error && <Problem text={error} again={trans.__('Try again')} onAgain={refresh} />}
      {!error && data === null && (
        <Empty>
          <span className="wb-Spinner" />
          {trans.__('Loading samples…')}
        </Empty>
      )}
      {!error && data?.length === 0 && (
        <Empty>
          {most > 0
            ? trans.__('No requests yet. “Try it” sends one.')
            : trans.__('No requests are kept. Set how many under “Access”, “Limits…”.')}
        </Empty>
      )}
      {data !== null && data.length > 0 && <Samples samples={data} trans={trans} />}
    </>
  );
}

function Samples({ samples, trans }: { samples: ISample[]; trans: IEndpointTabProps['trans'] }): JSX.Element {
  const rows = [...samples].sort((a, b) => b.t - a.t);
  return (
    <table className="wb-Table wb-Samples" aria-label={trans.__('Samples')}>
      <thead>
        <tr>
          <th scope="col">{trans.__('When')}</th>
          <th scope="col">{trans.__('Status')}</th>
          <th scope="col">{trans.__('Took')}</th>
          <th scope="col">{trans.__('Request')}</th>
          <th scope="col">{trans.__('Answer')}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(sample => (
          <tr key={`${sample.t}-${sample.latency_ms}`}>
            <td>{ago(sample.t)}</td>
            <td className={sample.status >= 400 ? 'wb-mod-error' : ''}>{sample.status}</td>
            <td>{ms(sample.latency_ms)}</td>
            <td>
              <Body text={sample.request} />
            </td>
            <td>
              <Body text={sample.answer} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** A body on one line, which unfolds to formatted text. */
function Body({ text }: { text: string }): JSX.Element {
  const [isOpen, setOpen] = React.useState(false);
  return (
    <details onToggle={event => setOpen(event.currentTarget.open)}>
      <summary>
        <code>{text}</code>
      </summary>
      {isOpen && <pre>{readable(text)}</pre>}
    </details>
  );
}

function newest(endpoint: IEndpoint): string {
  return [...endpoint.versions].sort((a, b) => b.published_at - a.published_at)[0]?.label ?? '';
}
