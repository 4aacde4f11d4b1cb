/** The versions of an endpoint side by side: figures, traffic, replicas, what failed. */

import * as React from 'react';

import { takesTraffic } from './endpoint';
import { IEndpointTabProps } from './props';
import { isSame, moved, rounded, Weights } from './traffic';
import { VersionRow } from './versionrow';

const COLUMNS = 12;

export function VersionsPart(props: IEndpointTabProps): JSX.Element {
  const { endpoint, model, trans, does } = props;
  const [draft, setDraft] = React.useState<Weights | null>(null);
  const versions = [...endpoint.versions].sort((a, b) => b.published_at - a.published_at);
  const answering = versions.filter(takesTraffic);
  const labels = answering.map(version => version.label).join('\n');
  const present = Object.fromEntries(answering.map(version => [version.label, version.weight]));
  // A draft is void once versions come or go.
  React.useEffect(() => setDraft(null), [labels]);
  const weights = draft ?? present;
  const move = (label: string, value: number) => setDraft(moved(draft ?? rounded(present), label, value));
  const apply = async () => {
    await does(() => model.api.serving.setTraffic(endpoint.name, weights));
    setDraft(null);
  };
  const isChanged = draft !== null && !isSame(draft, present);
  return (
    <section className="wb-Versions" aria-label={trans.__('Versions')}>
      <div className="wb-Versions-scroll">
        <table className="wb-Table">
          <thead>
            <tr>
              <th scope="col">{trans.__('Version')}</th>
              <th scope="col">{trans.__('Traffic')}</th>
              <th scope="col">{trans.__('Replicas')}</th>
              <th scope="col" className="wb-mod-figure">
                {trans.__('Requests')}
              </th>
              <th scope="col" className="wb-mod-figure">
                {trans.__('Rate')}
              </th>
              <th scope="col" className="wb-mod-figure">
                {trans.__('Errors')}
              </th>
              <th scope="col" className="wb-mod-figure">
                {trans.__('p50')}
              </th>
              <th scope="col" className="wb-mod-figure">
                {trans.__('p95')}
              </th>
              <th scope="col" className="wb-mod-figure">
                {trans.__('p99')}
              </th>
              <th scope="col" className="wb-mod-figure" title={trans.__('Requests that wait for a replica')}>
                {trans.__('Queue')}
              </th>
              <th scope="col" className="wb-mod-figure" title={trans.__('Rows computed together, on average')}>
                {trans.__('Batch')}
              </th>
              <th scope="col" className="wb-mod-figure" title={trans.__('Answers from the cache')}>
                {trans.__('Cached')}
              </th>
            </tr>
          </thead>
          {versions.map(version => (
            <VersionRow
              key={version.label}
              {...props}
              version={version}
              columns={COLUMNS}
              weight={weights[version.label]}
              canMove={takesTraffic(version) && answering.length > 1}
              onMove={value => move(version.label, value)}
            />
          ))}
        </table>
      </div>
      {isChanged && (
        <div className="wb-Versions-apply" role="group" aria-label={trans.__('Traffic')}>
          <span>{answering.map(version => `${version.label}: ${weights[version.label]} %`).join(' · ')}</span>
          <button className="jp-mod-styled jp-mod-accept" onClick={() => void apply()}>
            {trans.__('Apply')}
          </button>
          <button className="jp-mod-styled" onClick={() => setDraft(null)}>
            {trans.__('Reset')}
          </button>
        </div>
      )}
    </section>
  );
}
