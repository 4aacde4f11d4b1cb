/** A version of an endpoint as a row of the table of versions, with its failure below it. */

import * as React from 'react';

import { IVersion } from '../api/servingtypes';
import { CommandIDs } from '../commandids';
import { StateDot } from '../components/common';
import { ago } from '../components/format';
import { DOTS, takesTraffic } from './endpoint';
import { IEndpointTabProps } from './props';
import { ReplicasCell } from './replicascell';
import { ms, percent, perSecond, stateWord } from './words';

interface IVersionRowProps extends IEndpointTabProps {
  version: IVersion;
  columns: number;
  /** The chosen percentage; undefined for a version that gets no traffic. */
  weight: number | undefined;
  canMove: boolean;
  onMove: (value: number) => void;
}

export function VersionRow(props: IVersionRowProps): JSX.Element {
  const { endpoint, version, trans } = props;
  const { stats } = version;
  const figure = (text: string, isBad = false) => (
    <td className={`wb-mod-figure${isBad ? ' wb-mod-error' : ''}`}>{text}</td>
  );
  return (
    <tbody>
      <tr className={endpoint.canary?.version === version.label ? 'wb-mod-canary' : ''}>
        <th scope="row">
          <About {...props} />
        </th>
        <td>
          <Traffic {...props} />
        </td>
        <td>
          <ReplicasCell {...props} />
        </td>
        {figure(stats.requests.toLocaleString())}
        {figure(perSecond(stats.rate))}
        <td
          className={`wb-mod-figure${stats.error_rate ? ' wb-mod-error' : ''}`}
          title={trans.__(
            '%1 errors and %2 rejected in total',
            stats.errors.toLocaleString(),
            stats.rejected.toLocaleString()
          )}
        >
          {percent(stats.error_rate)}
        </td>
        {figure(ms(stats.p50_ms))}
        {figure(ms(stats.p95_ms))}
        {figure(ms(stats.p99_ms))}
        {figure(stats.queue.toLocaleString())}
        {figure(stats.batch_mean === null ? '–' : stats.batch_mean.toFixed(1))}
        {figure(stats.cache_hits.toLocaleString())}
      </tr>
      {version.failure && (
        <tr>
          <td colSpan={props.columns}>
            <div className="wb-Failure" role="alert">
              <p>{version.failure.message}</p>
              {version.failure.traceback && (
                <details>
                  <summary>{trans.__('The model’s own traceback')}</summary>
                  <pre>{version.failure.traceback}</pre>
                </details>
              )}
            </div>
          </td>
        </tr>
      )}
    </tbody>
  );
}

function About({ endpoint, version, model, commands, trans, does }: IVersionRowProps): JSX.Element {
  const word = stateWord(version.state, trans);
  const canTake = takesTraffic(version);
  return (
    <div className="wb-Version">
      <span className="wb-Version-name">
        <StateDot state={DOTS[version.state]} label={word} />
        <strong>{version.label}</strong>
        <span className="wb-Muted">{word}</span>
        {version.is_shadow && <span className="wb-Badge">{trans.__('shadow')}</span>}
        {endpoint.canary?.version === version.label && <span className="wb-Badge">{trans.__('canary')}</span>}
      </span>
      <span className="wb-Version-models">
        {version.models.map(served =>
          served.run_id ? (
            <button
              key={served.uri}
              className="wb-Link"
              title={trans.__('Open the run that made it')}
              onClick={() => void commands.execute(CommandIDs.openRun, { runId: served.run_id, name: served.name })}
            >
              {served.name}/{served.number}
            </button>
          ) : (
            <span key={served.uri}>
              {served.name}/{served.number}
            </span>
          )
        )}
        <span className="wb-Muted">{ago(version.published_at)}</span>
      </span>
      {version.message && !version.failure && <span className="wb-Muted">{version.message}</span>}
      <span className="wb-Version-actions">
        {canTake && version.weight < 100 && (
          <button
            className="wb-Link"
            aria-label={trans.__('Promote version %1: all requests go to it', version.label)}
            title={trans.__('All requests go to it')}
            onClick={() => void does(() => model.api.serving.promote(endpoint.name, version.label))}
          >
            {trans.__('Promote')}
          </button>
        )}
        {canTake && (version.is_shadow || version.weight === 0) && (
          <button
            className="wb-Link"
            aria-pressed={version.is_shadow}
            aria-label={trans.__('Version %1 as shadow', version.label)}
            title={trans.__('It gets a copy of each request; nobody sees its answers')}
            onClick={() =>
              void does(() => model.api.serving.setShadow(endpoint.name, version.is_shadow ? null : version.label))
            }
          >
            {version.is_shadow ? trans.__('End shadow') : trans.__('Shadow')}
          </button>
        )}
      </span>
    </div>
  );
}

function Traffic({ version, weight, canMove, onMove, trans }: IVersionRowProps): JSX.Element {
  if (weight === undefined) {
    return <span className="wb-Muted">–</span>;
  }
  const shown = `${Number(weight.toFixed(1))} %`;
  if (!canMove) {
    return <span>{shown}</span>;
  }
  return (
    <span className="wb-Traffic">
      <input
        type="range"
        min={0}
        max={100}
        step={1}
        value={Math.round(weight)}
        aria-label={trans.__('Traffic of version %1', version.label)}
        aria-valuetext={shown}
        onChange={event => onMove(Number(event.target.value))}
      />
      <output>{shown}</output>
    </span>
  );
}
