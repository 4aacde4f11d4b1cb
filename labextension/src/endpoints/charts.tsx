/** The charts of an endpoint by version: the last minutes, or the recorded history. */

import * as React from 'react';

import { IEndpoint, IHistory, IRecent } from '../api/servingtypes';
import { Chart } from '../components/chart';
import { Choice } from '../components/choice';
import { Empty } from '../components/common';
import { ICurve } from '../components/curves';
import { usePolled } from '../components/polled';
import { keptCurves, liveCurves } from './endpoint';
import { IEndpointTabProps } from './props';

const HISTORY_EVERY_MS = 30_000;
const HEIGHT = 130;

type Percentile = 'p50_ms' | 'p95_ms' | 'p99_ms';
const PERCENTILES: Percentile[] = ['p50_ms', 'p95_ms', 'p99_ms'];

export function ChartsPart(props: IEndpointTabProps): JSX.Element {
  const { endpoint, trans } = props;
  const [isKept, setKept] = React.useState(false);
  const [percentile, setPercentile] = React.useState<Percentile>('p95_ms');
  return (
    <section aria-label={trans.__('Charts')}>
      <div className="wb-Curves-toolbar">
        <Choice
          label={trans.__('Time range')}
          all={[
            ['live', trans.__('Live')],
            ['history', trans.__('History')]
          ]}
          chosen={isKept ? 'history' : 'live'}
          onChoose={which => setKept(which === 'history')}
        />
        <Choice
          label={trans.__('Percentile')}
          all={PERCENTILES.map(name => [name, name.slice(0, 3)])}
          chosen={percentile}
          onChoose={setPercentile}
        />
        <span className="wb-Muted">
          {isKept ? trans.__('per minute, kept across restarts') : trans.__('the last ten minutes')}
        </span>
      </div>
      {isKept ? (
        <Kept {...props} percentile={percentile} />
      ) : (
        <Live endpoint={endpoint} percentile={percentile} trans={trans} />
      )}
    </section>
  );
}

interface ILiveProps {
  endpoint: IEndpoint;
  percentile: Percentile;
  trans: IEndpointTabProps['trans'];
}

function Live({ endpoint, percentile, trans }: ILiveProps): JSX.Element {
  const figures: [keyof IRecent, string][] = [
    ['rate', trans.__('Requests per second')],
    ['errors', trans.__('Errors')],
    [percentile, trans.__('Latency, %1 in ms', percentile.slice(0, 3))],
    ['queue', trans.__('Queue')],
    ['replicas', trans.__('Replicas')],
    ['batch', trans.__('Rows per batch')],
    ['cache_hits', trans.__('Answers from the cache')]
  ];
  // A single point would make the axis span years.
  if (!endpoint.versions.some(version => version.stats.recent.t.length > 1)) {
    const isUp = endpoint.versions.some(version => version.stats.replicas > 0);
    return (
      <Empty>{isUp ? trans.__('No requests yet. “Try it” sends one.') : trans.__('No version answers yet.')}</Empty>
    );
  }
  const shown = endpoint.limits.cache > 0 ? figures : figures.filter(([figure]) => figure !== 'cache_hits');
  return <Grid curves={shown.map(([figure, title]) => [title, liveCurves(endpoint.versions, figure)])} />;
}

function Kept({
  endpoint,
  model,
  widget,
  percentile,
  trans
}: IEndpointTabProps & { percentile: Percentile }): JSX.Element {
  const read = React.useCallback(
    () => model.api.serving.history(endpoint.name).then(answer => answer.versions),
    [model, endpoint.name]
  );
  const { data, error } = usePolled<IHistory>(read, widget, HISTORY_EVERY_MS);
  if (error) {
    return <Empty isError>{error}</Empty>;
  }
  if (data === null) {
    return (
      <Empty>
        <span className="wb-Spinner" />
        {trans.__('Loading the history…')}
      </Empty>
    );
  }
  const figures: [keyof IHistory[string], string][] = [
    ['requests', trans.__('Requests per minute')],
    ['errors', trans.__('Errors per minute')],
    [percentile, trans.__('Latency, %1 in ms', percentile.slice(0, 3))],
    ['queue', trans.__('Waiting')],
    ['replicas', trans.__('Replicas')],
    ['batch_mean', trans.__('Rows per batch')],
    ...(endpoint.limits.cache > 0
      ? [['cache_hits', trans.__('Answers from the cache per minute')] as [keyof IHistory[string], string]]
      : [])
  ];
  const curves = figures
    .map(([figure, title]): [string, ICurve[]] => [title, keptCurves(data, figure)])
    .filter(([, found]) => found.length > 0);
  if (curves.length === 0) {
    return <Empty>{trans.__('No history yet: each minute with requests adds a point.')}</Empty>;
  }
  return <Grid curves={curves} />;
}

function Grid({ curves }: { curves: [string, ICurve[]][] }): JSX.Element {
  return (
    <div className="wb-Curves">
      {curves.map(([title, found]) => (
        <Chart key={title} title={title} curves={found} xLabel="time" isLog={false} smoothing={0} height={HEIGHT} />
      ))}
    </div>
  );
}
