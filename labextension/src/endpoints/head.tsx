/** The head of an endpoint's view: state, address and actions. */

import * as React from 'react';

import { copyIcon } from '@jupyterlab/ui-components';

import { ICanary } from '../api/servingtypes';
import { CommandIDs } from '../commandids';
import { IconButton, StateDot } from '../components/common';
import { duration } from '../components/format';
import { DOTS, overall } from './endpoint';
import { IEndpointTabProps } from './props';
import { ms, percent, perSecond, stateWord } from './words';

interface IHeadProps extends IEndpointTabProps {
  /** Whether the endpoint is shown as last seen, since it cannot be read any more. */
  isPast: boolean;
  error: string;
}

export function EndpointHead(props: IHeadProps): JSX.Element {
  const { endpoint, trans, error, isPast } = props;
  const state = isPast ? 'queued' : DOTS[endpoint.state];
  const word = isPast ? trans.__('as last seen') : stateWord(endpoint.state, trans);
  const figures = overall(endpoint);
  const facts = [
    perSecond(figures.rate),
    ...(figures.p95 === null ? [] : [trans.__('p95 %1', ms(figures.p95))]),
    trans.__('%1 errors', percent(figures.errorRate))
  ];
  return (
    <header className="wb-Head">
      <div className="wb-Head-line">
        <StateDot state={state} label={word} />
        <h2>{endpoint.name}</h2>
        <span className={`wb-Chip wb-mod-${state}`}>{word}</span>
        <span className="wb-Muted">{facts.join(' · ')}</span>
        <Actions {...props} />
      </div>
      <Places {...props} />
      {endpoint.message && endpoint.state !== 'failed' && <p className="wb-Note">{endpoint.message}</p>}
      {endpoint.canary && <Canary canary={endpoint.canary} {...props} />}
      {endpoint.shadow && (
        <p className="wb-Note">
          {trans.__(
            'Version %1 gets a copy of each request: %2 so far',
            endpoint.shadow.version,
            endpoint.shadow.requests.toLocaleString()
          )}
          {endpoint.shadow.agreement !== null &&
            `, ${trans.__('%1 of its answers agree', percent(endpoint.shadow.agreement))}`}
        </p>
      )}
      {error && (
        <p className="wb-Note wb-mod-error" role="alert">
          {error}
        </p>
      )}
    </header>
  );
}

function Actions(props: IEndpointTabProps): JSX.Element {
  const { endpoint, model, commands, trans } = props;
  const [isBusy, setBusy] = React.useState(false);
  const during = async (work: Promise<unknown>) => {
    setBusy(true);
    await work;
    setBusy(false);
  };
  const execute = (command: string) => during(commands.execute(command, { name: endpoint.name }));
  return (
    <span className="wb-Head-actions">
      {endpoint.can_roll_back && (
        <button
          className="jp-mod-styled"
          disabled={isBusy}
          title={trans.__('Return to the traffic before the latest change, without asking')}
          onClick={() => void during(props.does(() => model.api.serving.rollBack(endpoint.name)))}
        >
          {backTo(props)}
        </button>
      )}
      <button className="jp-mod-styled" onClick={() => void execute(CommandIDs.openEndpointDocs)}>
        {trans.__('API page')}
      </button>
      <button
        className="jp-mod-styled jp-mod-warn"
        disabled={isBusy}
        onClick={() => void execute(CommandIDs.withdrawEndpoint)}
      >
        {trans.__('Withdraw…')}
      </button>
    </span>
  );
}

/** Return the label of the button that rolls back, with its target. */
function backTo({ endpoint, trans }: IEndpointTabProps): string {
  if (endpoint.canary) {
    return trans.__('End canary %1', endpoint.canary.version);
  }
  const shares = Object.entries(endpoint.rolls_back_to ?? {}).filter(([, share]) => share > 0);
  if (shares.length === 0) {
    return trans.__('Roll back');
  }
  return trans.__(
    'Roll back to %1',
    shares.length === 1 ? shares[0][0] : shares.map(([label, share]) => `${label}: ${percent(share / 100)}`).join(', ')
  );
}

function Places({ endpoint, commands, trans }: IEndpointTabProps): JSX.Element {
  const args = { name: endpoint.name };
  const copy = (command: string, label: string) => (
    <button className="wb-Link" onClick={() => void commands.execute(command, args)}>
      {label}
    </button>
  );
  return (
    <div className="wb-Places">
      <code className="wb-Typed">{endpoint.url}</code>
      <IconButton
        icon={copyIcon}
        label={trans.__('Copy the address')}
        onClick={() => void commands.execute(CommandIDs.copyEndpointUrl, args)}
      />
      {copy(CommandIDs.copyEndpointCurl, trans.__('Copy curl'))}
      {copy(CommandIDs.copyEndpointPython, trans.__('Copy Python'))}
      {endpoint.grpc_url && (
        <span className="wb-Muted">
          {trans.__('gRPC')} <code>{endpoint.grpc_url}</code>
        </span>
      )}
      {endpoint.notebook && !endpoint.notebook.startsWith('/') && (
        <button
          className="wb-Link"
          onClick={() => void commands.execute('docmanager:open', { path: endpoint.notebook })}
        >
          {endpoint.notebook}
        </button>
      )}
    </div>
  );
}

/** The progress of a canary. */
function Canary({ canary, trans }: IEndpointTabProps & { canary: ICanary }): JSX.Element {
  const passed = Math.max(0, Date.now() / 1000 - canary.since);
  const share = Math.min(
    1,
    Math.min(canary.requests / Math.max(1, canary.min_requests), passed / Math.max(1, canary.for_s))
  );
  return (
    <div className="wb-Canary" role="group" aria-label={trans.__('Canary')}>
      <div className="wb-Canary-steps">
        <strong>{trans.__('Canary: version %1', canary.version)}</strong>
        {[...canary.steps, 100].map((step, index) => (
          <span
            key={index}
            className={`wb-Chip${index < canary.step ? ' wb-mod-finished' : index === canary.step ? ' wb-mod-running' : ''}`}
            aria-current={index === canary.step ? 'step' : undefined}
          >
            {step} %
          </span>
        ))}
        <span className="wb-Muted" aria-live="polite">
          {canary.verdict ||
            trans.__('%1 of %2 requests', canary.requests.toLocaleString(), canary.min_requests.toLocaleString())}
        </span>
      </div>
      <div className="wb-Progress">
        <progress max={1} value={share} aria-label={trans.__('This step')} />
        <span className="wb-Muted">
          {trans.__('%1 of %2', duration(Math.min(passed, canary.for_s)), duration(canary.for_s))}
        </span>
      </div>
    </div>
  );
}
