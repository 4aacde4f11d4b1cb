/** Logs of any length: only visible lines are in the page, and only lines near them are read. */

import * as React from 'react';

import { Sanitizer } from '@jupyterlab/apputils';
import { renderText } from '@jupyterlab/rendermime';
import { TranslationBundle } from '@jupyterlab/translation';
import { useVirtualizer } from '@tanstack/react-virtual';

import { ILogPage } from '../api/types';
import { Empty } from './common';
import { LogLines } from './loglines';

const LINE_PX = 17;
const FOLLOW_MS = 1000;
const SEARCH_DELAY_MS = 300;
/** Browsers draw nothing taller than about 17.9 million pixels: of a longer log, the end is shown. */
const MOST_SHOWN = 1_000_000;

/** Reads lines from an index on, counted from the end if negative; with a text, only lines that contain it. */
export type ReadLog = (start: number, count: number, wanted: string) => Promise<ILogPage>;

interface ILogPaneProps {
  read: ReadLog;
  /** Whether the log can still grow. */
  isLive: boolean;
  /** The message for an empty log. */
  nothing: string;
  trans: TranslationBundle;
  /** Elements before the search field. */
  children?: React.ReactNode;
}

/** A log with a search field that follows its end. */
export function LogPane({ read, isLive, nothing, trans, children }: ILogPaneProps): JSX.Element {
  const [text, setText] = React.useState('');
  const [wanted, setWanted] = React.useState('');
  const [isFollowing, setFollowing] = React.useState(true);
  const lines = React.useMemo(() => new LogLines((start, count) => read(start, count, wanted)), [read, wanted]);
  const [, draw] = React.useReducer((count: number) => count + 1, 0);
  React.useEffect(() => {
    const timer = window.setTimeout(() => setWanted(text), SEARCH_DELAY_MS);
    return () => window.clearTimeout(timer);
  }, [text]);
  React.useEffect(() => {
    lines.changed.connect(draw);
    void lines.refresh();
    const timer = isLive ? window.setInterval(() => void lines.refresh(), FOLLOW_MS) : 0;
    return () => {
      window.clearInterval(timer);
      lines.changed.disconnect(draw);
    };
  }, [lines, isLive]);

  return (
    <div className="wb-Logs">
      <div className="wb-Logs-toolbar">
        {children}
        <input
          className="jp-mod-styled"
          type="search"
          placeholder={trans.__('Search in the log')}
          aria-label={trans.__('Search in the log')}
          value={text}
          onChange={event => setText(event.target.value)}
        />
        <label>
          <input type="checkbox" checked={isFollowing} onChange={event => setFollowing(event.target.checked)} />
          {trans.__('Follow')}
        </label>
        <span className="wb-Muted" aria-live="polite">
          {lines.total === null
            ? ''
            : wanted
              ? trans._n('%1 line found', '%1 lines found', lines.total)
              : lines.total > MOST_SHOWN
                ? trans.__('the last %1 of %2 lines', MOST_SHOWN.toLocaleString(), lines.total.toLocaleString())
                : trans.__('%1 lines', lines.total.toLocaleString())}
        </span>
      </div>
      {lines.error && <Empty isError>{lines.error}</Empty>}
      {!lines.error && lines.total === null && (
        <Empty>
          <span className="wb-Spinner" />
          {trans.__('Loading the log…')}
        </Empty>
      )}
      {!lines.error && lines.total === 0 && <Empty>{wanted ? trans.__('No line contains that.') : nothing}</Empty>}
      <Lines lines={lines} isFollowing={isFollowing} onScrolledUp={() => setFollowing(false)} label={trans.__('Log')} />
    </div>
  );
}

interface ILinesProps {
  lines: LogLines;
  isFollowing: boolean;
  onScrolledUp: () => void;
  label: string;
}

function Lines({ lines, isFollowing, onScrolledUp, label }: ILinesProps): JSX.Element {
  const scroller = React.useRef<HTMLDivElement>(null);
  const total = lines.total ?? 0;
  const hidden = Math.max(0, total - MOST_SHOWN);
  const virtual = useVirtualizer({
    count: total - hidden,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE_PX,
    overscan: 30
  });
  const items = virtual.getVirtualItems();
  React.useEffect(() => {
    if (isFollowing && total) {
      virtual.scrollToIndex(total - hidden - 1, { align: 'end' });
    }
    // `virtual` is another object each time; `hidden` follows from `total`.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [total, isFollowing, lines]);
  React.useEffect(() => {
    if (items.length) {
      lines.want(items[0].index + hidden, items[items.length - 1].index + hidden);
    }
  });
  const digits = String(total).length;
  return (
    <div
      className="wb-Logs-lines"
      ref={scroller}
      tabIndex={0}
      role="log"
      aria-label={label}
      onWheel={event => event.deltaY < 0 && onScrolledUp()}
    >
      <div style={{ height: virtual.getTotalSize(), position: 'relative' }}>
        {items.map(item => {
          const line = lines.line(item.index + hidden);
          return (
            <div
              key={item.index}
              className="wb-Logs-line"
              style={{ transform: `translateY(${item.start}px)`, height: LINE_PX }}
            >
              <span className="wb-Logs-number" aria-hidden style={{ minWidth: `${digits}ch` }}>
                {line ? line.number + 1 : '·'}
              </span>
              {line && <LineText text={line.text} />}
            </div>
          );
        })}
      </div>
    </div>
  );
}

const SANITIZER = new Sanitizer();

/** The text of a line with its terminal colours and links, as JupyterLab renders what a cell prints. */
const LineText = React.memo(function LineText({ text }: { text: string }): JSX.Element {
  const host = React.useRef<HTMLSpanElement>(null);
  // Render before the browser paints: a line that scrolls in must not flash empty.
  React.useLayoutEffect(() => {
    host.current!.replaceChildren();
    void renderText({ host: host.current!, sanitizer: SANITIZER, source: text });
  }, [text]);
  return <span ref={host} className="jp-RenderedText" />;
});
