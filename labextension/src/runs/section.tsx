/** The sidebar's list of runs: search, filter, sort, select; only the rows in sight are in the page. */

import * as React from 'react';

import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import { TranslationBundle } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Message } from '@lumino/messaging';
import { useVirtualizer } from '@tanstack/react-virtual';

import { LIVE_STATES } from '../api/states';
import { IRun } from '../api/types';
import { CommandIDs } from '../commandids';
import { WorkbenchModel } from '../model';
import { RunList } from './runlist';
import { openRunMenu } from './runmenu';
import { RunRow } from './runrow';
import { RunsBar, RunsState } from './runsbar';
import { RunsToolbar } from './runstoolbar';

const ROW_PX = 44;

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
    return (
      <UseSignal signal={this.list.changed}>
        {() => <Runs model={this.model} list={this.list} commands={this.commands} trans={this.trans} />}
      </UseSignal>
    );
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
  }, [list, last, rows.length, list.hasMore, list.loading]);

  const open = (run: IRun) => void commands.execute(CommandIDs.openRun, { runId: run.run_id, name: run.name });
  const select = (index: number, event: { ctrlKey: boolean; metaKey: boolean; shiftKey: boolean }) => {
    const id = rows[index].run_id;
    if (event.shiftKey) {
      const [low, high] = [Math.min(active, index), Math.max(active, index)];
      setSelected(new Set(rows.slice(low, high + 1).map(row => row.run_id)));
    } else if (event.ctrlKey || event.metaKey) {
      const next = new Set(selected);
      if (!next.delete(id)) {
        next.add(id);
      }
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
    } else if (event.key === 'a' && (event.ctrlKey || event.metaKey)) {
      setSelected(new Set(rows.map(row => row.run_id)));
    } else if (event.key === 'Escape') {
      setSelected(new Set());
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
      <RunsToolbar list={list} commands={commands} trans={trans} />
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
            <RunRow
              key={rows[item.index].run_id}
              run={rows[item.index]}
              top={item.start}
              height={ROW_PX}
              isSelected={selected.has(rows[item.index].run_id)}
              isActive={item.index === active}
              orderBy={list.orderBy}
              trans={trans}
              onClick={event => select(item.index, event)}
              onContextMenu={event => {
                event.preventDefault();
                event.stopPropagation();
                openRunMenu(commands, rows[item.index], { x: event.clientX, y: event.clientY });
              }}
            />
          ))}
        </div>
        <RunsState list={list} trans={trans} />
      </div>
      {chosen.length > 0 && (
        <RunsBar
          count={chosen.length}
          stoppable={stoppable.length}
          deletable={deletable.length}
          onCompare={() => void commands.execute(CommandIDs.compareRuns, { runIds: chosen.map(row => row.run_id) })}
          onStop={() => void stop()}
          onDelete={() => void remove()}
          trans={trans}
        />
      )}
    </div>
  );
}
