/** The sidebar's list of runs: search, filter, sort, select; only the rows in sight are in the page. */

import * as React from 'react';

import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import { deleteIcon, ReactWidget, refreshIcon, stopIcon } from '@jupyterlab/ui-components';
import { TranslationBundle } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Message } from '@lumino/messaging';
import { useVirtualizer } from '@tanstack/react-virtual';

import { ago, duration, number } from '../format';
import { WorkbenchModel } from '../model';
import { RunList } from '../runs';
import { CommandIDs, IRun, LIVE_STATES, RunState } from '../tokens';
import { Empty, StateDot, useSignal } from './common';

const ROW_PX = 44;
const SEARCH_DELAY_MS = 250;

export class RunsSection extends ReactWidget {
  constructor(
    private readonly model: WorkbenchModel,
    private readonly list: RunList,
    private readonly commands: CommandRegistry,
    private readonly trans: TranslationBundle
  ) {
    super();
    this.title.label = trans.__('Runs');
    this.addClass('wb-RunsSection');
  }

  protected onAfterShow(message: Message): void {
    super.onAfterShow(message);
    void this.list.refresh();
  }

  protected onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    if (this.isVisible) {
      void this.list.refresh();
    }
  }

  render(): JSX.Element {
    return <Runs model={this.model} list={this.list} commands={this.commands} trans={this.trans} />;
  }
}

interface IRunsProps {
  model: WorkbenchModel;
  list: RunList;
  commands: CommandRegistry;
  trans: TranslationBundle;
}

function Runs(props: IRunsProps): JSX.Element {
  const { model, list, commands, trans } = props;
  useSignal(list.changed);
  const [selected, setSelected] = React.useState<ReadonlySet<string>>(new Set());
  const [active, setActive] = React.useState(0);
  const scroller = React.useRef<HTMLDivElement>(null);
  const rows = list.rows;
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 10
  });
  const items = virtual.getVirtualItems();
  const last = items.length ? items[items.length - 1].index : -1;
  React.useEffect(() => {
    if (last >= rows.length - 20 && list.hasMore && !list.loading) {
      void list.more();
    }
  }, [last, rows.length, list.hasMore, list.loading]);

  const open = (run: IRun) =>
    void commands.execute(CommandIDs.openRun, { runId: run.run_id, name: run.name });
  const select = (index: number, event: { ctrlKey: boolean; metaKey: boolean; shiftKey: boolean }) => {
    const id = rows[index].run_id;
    if (event.shiftKey) {
      const [low, high] = [Math.min(active, index), Math.max(active, index)];
      setSelected(new Set(rows.slice(low, high + 1).map(row => row.run_id)));
    } else if (event.ctrlKey || event.metaKey) {
      const next = new Set(selected);
      next.has(id) ? next.delete(id) : next.add(id);
      setSelected(next);
      setActive(index);
    } else {
      setSelected(new Set([id]));
      setActive(index);
      open(rows[index]);
    }
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    const step: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 };
    if (event.key in step) {
      const next = Math.max(0, Math.min(rows.length - 1, active + step[event.key]));
      setActive(next);
      virtual.scrollToIndex(next);
    } else if (event.key === 'Enter' && rows[active]) {
      open(rows[active]);
    } else if (event.key === ' ' && rows[active]) {
      select(active, { ctrlKey: true, metaKey: false, shiftKey: false });
    } else if (event.key === 'Delete' && selected.size) {
      void remove();
    } else {
      return;
    }
    event.preventDefault();
  };
  const chosen = rows.filter(row => selected.has(row.run_id));
  const stoppable = chosen.filter(row => LIVE_STATES.includes(row.state));
  const deletable = chosen.filter(row => !LIVE_STATES.includes(row.state));
  const told = async (action: () => Promise<unknown>) => {
    try {
      await action();
    } catch (error) {
      Notification.error((error as Error).message);
    }
  };
  const stop = () => told(() => Promise.all(stoppable.map(row => model.api.stop(row.run_id))));
  const remove = async () => {
    const answer = await showDialog({
      title: trans._n('Delete %1 run?', 'Delete %1 runs?', deletable.length),
      body: trans.__('MLflow keeps deleted runs until `mlflow gc`; they are no longer listed.'),
      buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: trans.__('Delete') })]
    });
    if (answer.button.accept) {
      await told(() => model.api.delete(deletable.map(row => row.run_id)));
      setSelected(new Set());
      await list.refresh();
    }
  };

  return (
    <div className="wb-Runs">
      <RunsToolbar list={list} trans={trans} />
      <div
        className="wb-Runs-list"
        ref={scroller}
        role="listbox"
        aria-multiselectable
        aria-label={trans.__('Runs')}
        aria-activedescendant={rows[active] ? `wb-run-${rows[active].run_id}` : undefined}
        tabIndex={0}
        onKeyDown={onKeyDown}
      >
        <div style={{ height: virtual.getTotalSize(), position: 'relative' }}>
          {items.map(item => (
            <Row
              key={rows[item.index].run_id}
              run={rows[item.index]}
              top={item.start}
              isSelected={selected.has(rows[item.index].run_id)}
              isActive={item.index === active}
              orderBy={list.orderBy}
              trans={trans}
              onClick={event => select(item.index, event)}
            />
          ))}
        </div>
        <RunsState list={list} trans={trans} />
      </div>
      {chosen.length > 0 && (
        <div className="wb-Runs-bar">
          <span className="wb-Muted">{trans._n('%1 selected', '%1 selected', chosen.length)}</span>
          <button
            className="wb-IconButton"
            aria-label={trans.__('Stop')}
            title={trans.__('Stop')}
            disabled={!stoppable.length}
            onClick={() => void stop()}
          >
            <stopIcon.react tag="span" />
          </button>
          <button
            className="wb-IconButton"
            aria-label={trans.__('Delete')}
            title={trans.__('Delete')}
            disabled={!deletable.length}
            onClick={() => void remove()}
          >
            <deleteIcon.react tag="span" />
          </button>
        </div>
      )}
    </div>
  );
}

function RunsToolbar({ list, trans }: { list: RunList; trans: TranslationBundle }): JSX.Element {
  const [text, setText] = React.useState(list.query);
  const timer = React.useRef(0);
  const onText = (value: string) => {
    setText(value);
    window.clearTimeout(timer.current);
    timer.current = window.setTimeout(() => {
      list.query = value.trim();
      void list.refresh();
    }, SEARCH_DELAY_MS);
  };
  const metrics = [...new Set(list.rows.slice(0, 50).flatMap(row => Object.keys(row.metrics)))].sort();
  return (
    <div className="wb-Runs-toolbar">
      <input
        className="jp-mod-styled"
        type="search"
        placeholder={trans.__('Name, or metrics.acc > 0.9')}
        aria-label={trans.__('Search runs')}
        value={text}
        onChange={event => onText(event.target.value)}
      />
      <div className="wb-Runs-choices">
        <select
          className="jp-mod-styled"
          aria-label={trans.__('State')}
          value={list.states.join(',')}
          onChange={event => {
            list.states = event.target.value ? event.target.value.split(',') : [];
            void list.refresh();
          }}
        >
          <option value="">{trans.__('All states')}</option>
          <option value="queued,starting,running">{trans.__('Going on')}</option>
          <option value="finished">{trans.__('Finished')}</option>
          <option value="failed">{trans.__('Failed')}</option>
          <option value="stopped">{trans.__('Stopped')}</option>
        </select>
        <select
          className="jp-mod-styled"
          aria-label={trans.__('Sort by')}
          value={list.orderBy}
          onChange={event => {
            list.orderBy = event.target.value;
            void list.refresh();
          }}
        >
          <option value="-start">{trans.__('Newest')}</option>
          <option value="start">{trans.__('Oldest')}</option>
          <option value="name">{trans.__('Name')}</option>
          {metrics.flatMap(name => [
            <option key={`-${name}`} value={`-metrics.${name}`}>{`${name} ↓`}</option>,
            <option key={name} value={`metrics.${name}`}>{`${name} ↑`}</option>
          ])}
        </select>
        <button
          className="wb-IconButton"
          aria-label={trans.__('Read again')}
          title={trans.__('Read again')}
          onClick={() => void list.refresh()}
        >
          <refreshIcon.react tag="span" />
        </button>
      </div>
    </div>
  );
}

function RunsState({ list, trans }: { list: RunList; trans: TranslationBundle }): JSX.Element | null {
  if (list.error) {
    return (
      <Empty isError>
        <p>{list.error}</p>
        <button className="jp-mod-styled" onClick={() => void list.refresh()}>{trans.__('Try again')}</button>
      </Empty>
    );
  }
  if (list.loading && list.rows.length === 0) {
    return <Empty><span className="wb-Spinner" />{trans.__('Reading runs…')}</Empty>;
  }
  if (list.rows.length === 0) {
    return (
      <Empty>
        {list.query || list.states.length
          ? trans.__('No run matches.')
          : trans.__('No runs yet. Put %%%%train on top of a cell, and it becomes one.')}
      </Empty>
    );
  }
  return null;
}

interface IRowProps {
  run: IRun;
  top: number;
  isSelected: boolean;
  isActive: boolean;
  orderBy: string;
  trans: TranslationBundle;
  onClick: (event: React.MouseEvent) => void;
}

/** The metric that tells most: the one that the list is sorted by, else the first. */
function shownMetric(run: IRun, orderBy: string): [string, number | null] | undefined {
  const wanted = orderBy.replace(/^-?metrics\./, '');
  if (wanted in run.metrics) {
    return [wanted, run.metrics[wanted]];
  }
  return Object.entries(run.metrics).find(([name]) => !name.includes('/'));
}

function Row(props: IRowProps): JSX.Element {
  const { run, trans } = props;
  const metric = shownMetric(run, props.orderBy);
  const words: Record<RunState, string> = {
    queued: trans.__('queued'),
    starting: trans.__('starting'),
    running: trans.__('running'),
    finished: trans.__('finished'),
    failed: trans.__('failed'),
    stopped: trans.__('stopped')
  };
  const took = run.started_at && run.ended_at ? duration(run.ended_at - run.started_at) : words[run.state];
  return (
    <div
      id={`wb-run-${run.run_id}`}
      className={`wb-Run${props.isSelected ? ' wb-mod-selected' : ''}${props.isActive ? ' wb-mod-active' : ''}`}
      role="option"
      aria-selected={props.isSelected}
      style={{ transform: `translateY(${props.top}px)`, height: ROW_PX }}
      title={run.failure ? run.failure.message : run.name}
      onClick={props.onClick}
    >
      <StateDot state={run.state} label={words[run.state]} />
      <div className="wb-Run-main">
        <div className="wb-Run-name">{run.name}</div>
        <div className="wb-Run-line">
          {run.experiment} · {run.started_at ? ago(run.started_at) : ''} · {took}
        </div>
      </div>
      {metric && (
        <div className="wb-Run-metric" title={metric[0]}>
          <div>{number(metric[1])}</div>
          <div className="wb-Run-line">{metric[0]}</div>
        </div>
      )}
    </div>
  );
}
