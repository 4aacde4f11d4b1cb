/** The sidebar's section of endpoints: what answers, how often, how fast. */

import * as React from 'react';

import { TranslationBundle } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { useVirtualizer } from '@tanstack/react-virtual';

import { IEndpoint, IEndpoints } from '../api/servingtypes';
import { CommandIDs } from '../commandids';
import { Empty, Problem, StateDot } from '../components/common';
import { SeenWidget, usePolled } from '../components/polled';
import { WorkbenchModel } from '../model';
import { champion, DOTS, overall, rates, sparkline } from './endpoint';
import { openEndpointMenu } from './menu';
import { ms, percent, perSecond, stateWord } from './words';

const LOOK_EVERY_MS = 2000;
const ROW_PX = 44;
const SPARK = { width: 28, height: 18 };

export class EndpointsSection extends SeenWidget {
  constructor(
    private readonly model: WorkbenchModel,
    private readonly commands: CommandRegistry,
    private readonly trans: TranslationBundle
  ) {
    super();
    this.title.label = trans.__('Endpoints');
    this.addClass('wb-EndpointsSection');
  }

  render(): JSX.Element {
    return <Endpoints model={this.model} commands={this.commands} trans={this.trans} widget={this} />;
  }
}

interface IEndpointsProps {
  model: WorkbenchModel;
  commands: CommandRegistry;
  trans: TranslationBundle;
  widget: SeenWidget;
}

function Endpoints({ model, commands, trans, widget }: IEndpointsProps): JSX.Element {
  const read = React.useCallback(() => model.api.serving.endpoints(), [model]);
  const { data, error, refresh } = usePolled<IEndpoints>(read, widget, LOOK_EVERY_MS);
  React.useEffect(() => {
    const onState = () => void refresh();
    model.stateChanged.connect(onState);
    return () => {
      model.stateChanged.disconnect(onState);
    };
  }, [model, refresh]);
  if (error && data === null) {
    return <Problem text={error} again={trans.__('Try again')} onAgain={refresh} />;
  }
  if (data === null) {
    return (
      <Empty>
        <span className="wb-Spinner" />
        {trans.__('Looking for endpoints…')}
      </Empty>
    );
  }
  const { gateway, endpoints, asleep } = data;
  const isEmpty = endpoints.length === 0 && asleep.length === 0;
  return (
    <div className="wb-Endpoints">
      {error && (
        <p className="wb-Note wb-mod-error" role="alert">
          {error}
        </p>
      )}
      {gateway.state === 'lost' && <Problem text={gateway.message} again={trans.__('Try again')} onAgain={refresh} />}
      {asleep.length > 0 && gateway.state !== 'lost' && <Asleep names={asleep} commands={commands} trans={trans} />}
      {isEmpty && gateway.state !== 'lost' && <Nothing commands={commands} trans={trans} />}
      <Rows endpoints={endpoints} commands={commands} trans={trans} />
    </div>
  );
}

/** An example to type in a cell. */
function Typed({ text }: { text: string }): JSX.Element {
  return <code className="wb-Typed">{text}</code>;
}

function Nothing({ commands, trans }: { commands: CommandRegistry; trans: TranslationBundle }): JSX.Element {
  return (
    <Empty>
      <p>{trans.__('Nothing is published yet. One line serves a model:')}</p>
      <p>
        <Typed text="%publish model" />
      </p>
      <button className="jp-mod-styled" onClick={() => void commands.execute(CommandIDs.publish)}>
        {trans.__('Publish a model…')}
      </button>
    </Empty>
  );
}

/** Endpoints that were published before their cluster ended, with a button to restore them. */
function Asleep(props: { names: string[]; commands: CommandRegistry; trans: TranslationBundle }): JSX.Element {
  const { names, commands, trans } = props;
  const [isBusy, setBusy] = React.useState(false);
  const restore = async () => {
    setBusy(true);
    await commands.execute(CommandIDs.restoreEndpoints);
    setBusy(false);
  };
  return (
    <div className="wb-Banner" role="status">
      <p>{trans.__('Published, but not running since their cluster ended:')}</p>
      <ul>
        {names.map(name => (
          <li key={name}>
            <StateDot state="queued" label={trans.__('does not answer')} />
            {name}
          </li>
        ))}
      </ul>
      <p>
        <button className="jp-mod-styled" disabled={isBusy} onClick={() => void restore()}>
          {isBusy ? trans.__('Restoring…') : trans.__('Restore')}
        </button>{' '}
        <span className="wb-Muted">
          {trans.__('or in a notebook')} <Typed text="%endpoints restore" />
        </span>
      </p>
    </div>
  );
}

interface IRowsProps {
  endpoints: IEndpoint[];
  commands: CommandRegistry;
  trans: TranslationBundle;
}

function Rows({ endpoints, commands, trans }: IRowsProps): JSX.Element {
  const scroller = React.useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: endpoints.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 10
  });
  return (
    <div className="wb-Endpoints-list" ref={scroller}>
      <ul className="wb-Virtual" aria-label={trans.__('Endpoints')} style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(item => (
          <li
            key={endpoints[item.index].name}
            aria-setsize={endpoints.length}
            aria-posinset={item.index + 1}
            style={{ transform: `translateY(${item.start}px)`, height: ROW_PX }}
          >
            <Row endpoint={endpoints[item.index]} commands={commands} trans={trans} />
          </li>
        ))}
      </ul>
    </div>
  );
}

interface IRowProps {
  endpoint: IEndpoint;
  commands: CommandRegistry;
  trans: TranslationBundle;
}

function Row({ endpoint, commands, trans }: IRowProps): JSX.Element {
  const figures = overall(endpoint);
  const first = champion(endpoint);
  const canary = endpoint.canary;
  const word = stateWord(endpoint.state, trans);
  return (
    <button
      className="wb-Run wb-mod-inFlow"
      title={told(endpoint, trans)}
      onClick={() => void commands.execute(CommandIDs.openEndpoint, { name: endpoint.name })}
      onContextMenu={event => {
        event.preventDefault();
        event.stopPropagation();
        openEndpointMenu(commands, endpoint, { x: event.clientX, y: event.clientY });
      }}
    >
      <StateDot state={DOTS[endpoint.state]} label={word} />
      <span className="wb-Run-main">
        <span className="wb-Endpoint-name">
          <span className="wb-Run-name">{endpoint.name}</span>
          {canary && (
            <span
              className="wb-Badge"
              title={trans.__('version %1 at %2 %: %3', canary.version, canary.steps[canary.step] ?? 0, canary.verdict)}
            >
              {trans.__('canary')}
            </span>
          )}
          {endpoint.shadow && (
            <span
              className="wb-Badge"
              title={trans.__('version %1 gets a copy of each request', endpoint.shadow.version)}
            >
              {trans.__('shadow')}
            </span>
          )}
        </span>
        <span className="wb-Run-line">
          {endpoint.state !== 'live' && `${word} · `}
          {first ? trans.__('version %1', first.label) : trans.__('no version')}
        </span>
      </span>
      <Spark values={rates(endpoint)} />
      <span className="wb-Run-metric">
        <span>{perSecond(figures.rate)}</span>
        {figures.errorRate > 0 ? (
          <span className="wb-Run-line">
            <span className="wb-mod-error">{trans.__('%1 errors', percent(figures.errorRate))}</span>
          </span>
        ) : (
          <span className="wb-Run-line">{figures.p95 === null ? '' : trans.__('p95 %1', ms(figures.p95))}</span>
        )}
      </span>
    </button>
  );
}

/** Describe all figures for the tooltip: a narrow row has no room for each. */
function told(endpoint: IEndpoint, trans: TranslationBundle): string {
  const { rate, p95, errorRate } = overall(endpoint);
  const figures = [perSecond(rate), trans.__('p95 %1', ms(p95)), trans.__('%1 errors', percent(errorRate))].join(' · ');
  return [endpoint.message, endpoint.url, figures].filter(Boolean).join('\n');
}

/** The request rate over the last minutes as a sparkline. */
function Spark({ values }: { values: number[] }): JSX.Element {
  return (
    <svg className="wb-Spark" width={SPARK.width} height={SPARK.height} aria-hidden>
      <path d={sparkline(values, SPARK.width, SPARK.height)} />
    </svg>
  );
}
