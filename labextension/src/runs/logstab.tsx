/** What a run printed, rank by rank. */

import * as React from 'react';

import { LIVE_STATES } from '../api/states';
import { LogPane, ReadLog } from '../components/logs';
import { IRunTabProps } from './props';

export function LogsTab({ run, snapshot, model, trans }: IRunTabProps): JSX.Element {
  const ranks = Math.max(snapshot.workers.length, Number(run.workers) || 1);
  const [rank, setRank] = React.useState(0);
  const isLive = LIVE_STATES.includes(snapshot.state);
  const read = React.useCallback<ReadLog>(
    (start, count, wanted) => model.api.logs(run.run_id, rank, start, count, wanted),
    [model, run.run_id, rank]
  );
  return (
    <LogPane
      read={read}
      isLive={isLive}
      nothing={isLive ? trans.__('Rank %1 has printed nothing yet.', rank) : trans.__('Rank %1 printed nothing.', rank)}
      trans={trans}
    >
      {ranks > 1 && (
        <select
          className="jp-mod-styled"
          aria-label={trans.__('Rank')}
          value={rank}
          onChange={event => setRank(Number(event.target.value))}
        >
          {Array.from({ length: ranks }, (_, index) => (
            <option key={index} value={index}>
              {trans.__('rank %1', index)}
            </option>
          ))}
        </select>
      )}
    </LogPane>
  );
}
