/** The replicas of a version and their limits, edited in place. */

import * as React from 'react';

import { editIcon } from '@jupyterlab/ui-components';

import { IVersion } from '../api/servingtypes';
import { IconButton } from '../components/common';
import { takesTraffic } from './endpoint';
import { IEndpointTabProps } from './props';
import { IReplicas, isReplicas, MOST_REPLICAS, replicasText } from './replicas';

export function ReplicasCell(props: IEndpointTabProps & { version: IVersion }): JSX.Element {
  const { endpoint, version, model, trans, does } = props;
  const { running, target, min, max } = version.replicas;
  const [wanted, setWanted] = React.useState<IReplicas | null>(null);
  if (wanted === null) {
    return (
      <span
        className="wb-Replicas"
        title={trans.__('%1 ready, %2 wanted, %3 at least, %4 at most', running, target, min, max)}
      >
        {running}/{target} <span className="wb-Muted">{replicasText({ min, max })}</span>
        {takesTraffic(version) && (
          <IconButton
            icon={editIcon}
            label={trans.__('Change the replicas of version %1', version.label)}
            onClick={() => setWanted({ min, max })}
          />
        )}
      </span>
    );
  }
  const submit = async (event: React.FormEvent) => {
    event.preventDefault();
    await does(() => model.api.serving.setReplicas(endpoint.name, replicasText(wanted), version.label));
    setWanted(null);
  };
  const input = (label: string, value: number, least: number, change: (value: number) => Partial<IReplicas>) => (
    <input
      className="jp-mod-styled"
      type="number"
      min={least}
      max={MOST_REPLICAS}
      aria-label={label}
      title={label}
      value={Number.isNaN(value) ? '' : value}
      autoFocus={least === 0}
      onChange={event => setWanted({ ...wanted, ...change(event.target.valueAsNumber) })}
    />
  );
  return (
    <form
      className="wb-Replicas"
      onSubmit={event => void submit(event)}
      onKeyDown={event => event.key === 'Escape' && setWanted(null)}
    >
      {input(trans.__('Minimum; 0 lets it sleep'), wanted.min, 0, value => ({ min: value }))}‥
      {input(trans.__('Maximum'), wanted.max, 1, value => ({ max: value }))}
      <button className="wb-Link" type="submit" disabled={!isReplicas(wanted)}>
        {trans.__('Set')}
      </button>
      <button className="wb-Link" type="button" onClick={() => setWanted(null)}>
        {trans.__('Cancel')}
      </button>
    </form>
  );
}
