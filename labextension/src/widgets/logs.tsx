/** A rank's log: its end, followed while the run goes on, with colours; only the lines in sight are in the page. */

import * as React from 'react';

import { useVirtualizer } from '@tanstack/react-virtual';

import { ansiSpans } from '../ansi';
import { LIVE_STATES } from '../tokens';
import { Empty } from './common';
import { IRunTabProps } from './runview';

const TAILS = [1_000, 10_000, 100_000];
const LINE_PX = 17;
const FOLLOW_MS = 1000;

export function LogsTab({ run, snapshot, model, trans }: IRunTabProps): JSX.Element {
  const ranks = Math.max(snapshot.workers.length, Number(run.workers) || 1);
  const [rank, setRank] = React.useState(0);
  const [tail, setTail] = React.useState(TAILS[0]);
  const [lines, setLines] = React.useState<string[] | null>(null);
  const [error, setError] = React.useState('');
  const [wanted, setWanted] = React.useState('');
  const [isFollowing, setFollowing] = React.useState(true);
  const scroller = React.useRef<HTMLDivElement>(null);
  const isLive = LIVE_STATES.includes(snapshot.state);

  React.useEffect(() => {
    let isWanted = true;
    let timer = 0;
    const read = async () => {
      try {
        const { text } = await model.api.logs(run.run_id, rank, tail);
        if (isWanted) {
          setLines(text ? text.replace(/\n$/, '').split('\n') : []);
          setError('');
        }
      } catch (problem) {
        if (isWanted) {
          setError((problem as Error).message);
        }
      }
      if (isWanted && isLive) {
        timer = window.setTimeout(read, FOLLOW_MS);
      }
    };
    void read();
    return () => {
      isWanted = false;
      window.clearTimeout(timer);
    };
  }, [run.run_id, rank, tail, isLive]);

  const shown = React.useMemo(
    () => (lines ?? []).filter(line => !wanted || line.toLowerCase().includes(wanted.toLowerCase())),
    [lines, wanted]
  );
  const virtual = useVirtualizer({
    count: shown.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE_PX,
    overscan: 30
  });
  React.useEffect(() => {
    if (isFollowing && shown.length) {
      virtual.scrollToIndex(shown.length - 1, { align: 'end' });
    }
  }, [shown.length, isFollowing]);

  return (
    <div className="wb-Logs">
      <div className="wb-Logs-toolbar">
        {ranks > 1 && (
          <select
            className="jp-mod-styled"
            aria-label={trans.__('Rank')}
            value={rank}
            onChange={event => setRank(Number(event.target.value))}
          >
            {Array.from({ length: ranks }, (_, index) => (
              <option key={index} value={index}>{trans.__('rank %1', index)}</option>
            ))}
          </select>
        )}
        <input
          className="jp-mod-styled"
          type="search"
          placeholder={trans.__('Search in the log')}
          aria-label={trans.__('Search in the log')}
          value={wanted}
          onChange={event => setWanted(event.target.value)}
        />
        <label>
          <input type="checkbox" checked={isFollowing} onChange={event => setFollowing(event.target.checked)} />
          {trans.__('Follow')}
        </label>
        <select
          className="jp-mod-styled"
          aria-label={trans.__('How many lines')}
          value={tail}
          onChange={event => setTail(Number(event.target.value))}
        >
          {TAILS.map(count => (
            <option key={count} value={count}>{trans.__('last %1 lines', count.toLocaleString())}</option>
          ))}
        </select>
      </div>
      {error && <Empty isError>{error}</Empty>}
      {!error && lines === null && <Empty><span className="wb-Spinner" />{trans.__('Reading the log…')}</Empty>}
      {!error && lines !== null && shown.length === 0 && (
        <Empty>
          {wanted
            ? trans.__('No line contains that.')
            : isLive
              ? trans.__('Rank %1 has printed nothing yet.', rank)
              : trans.__('Rank %1 printed nothing.', rank)}
        </Empty>
      )}
      <div className="wb-Logs-lines" ref={scroller} tabIndex={0} role="log" aria-label={trans.__('Log')}>
        <div style={{ height: virtual.getTotalSize(), position: 'relative' }}>
          {virtual.getVirtualItems().map(item => (
            <div
              key={item.index}
              className="wb-Logs-line"
              style={{ transform: `translateY(${item.start}px)`, height: LINE_PX }}
            >
              {ansiSpans(shown[item.index]).map((span, index) => (
                <span key={index} className={span.classes}>{span.text}</span>
              ))}
            </div>
          ))}
        </div>
      </div>
    </div>
  );
}
