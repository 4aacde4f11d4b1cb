/** The trials of a study as a table of any length: sorted, filtered, steered. */

import * as React from 'react';

import { Notification } from '@jupyterlab/apputils';
import { ellipsesIcon } from '@jupyterlab/ui-components';
import { CommandRegistry } from '@lumino/commands';
import { Menu } from '@lumino/widgets';

import { LIVE_STATES } from '../api/states';
import { TrialState } from '../api/studytypes';
import { CommandIDs } from '../commandids';
import { Empty } from '../components/common';
import { duration, number } from '../components/format';
import { askForValues } from './cloneform';
import { TrialDot } from './head';
import { IStudyTabProps } from './props';
import { IStudyData, ITrial, shown } from './study';

const ROW = 28;
const BEYOND = 12;
const STATES: TrialState[] = ['complete', 'running', 'pruned', 'fail', 'waiting'];

interface IColumn {
  key: string;
  title: string;
  of: (trial: ITrial) => number | string | null;
  text: (trial: ITrial) => string;
}

export function TrialTable(props: IStudyTabProps & { onChange: () => unknown }): JSX.Element {
  const { study, trans, onPick } = props;
  const [sort, setSort] = React.useState<[string, boolean]>(['number', true]);
  const [state, setState] = React.useState<TrialState | ''>('');
  const [top, setTop] = React.useState(0);
  const [height, setHeight] = React.useState(600);
  const host = React.useRef<HTMLDivElement>(null);
  React.useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setHeight(entry.contentRect.height));
    observer.observe(host.current!);
    return () => observer.disconnect();
  }, []);
  const columns = React.useMemo(() => columnsOf(study, trans), [study, trans]);
  const rows = React.useMemo(() => {
    const column = columns.find(one => one.key === sort[0]) ?? columns[0];
    const kept = state ? study.trials.filter(trial => trial.state === state) : [...study.trials];
    return kept.sort((a, b) => (sort[1] ? -1 : 1) * order(column.of(a), column.of(b), sort[1]));
  }, [study, columns, sort, state]);
  const first = Math.max(0, Math.floor(top / ROW) - BEYOND);
  const last = Math.min(rows.length, Math.ceil((top + height) / ROW) + BEYOND);
  return (
    <div className="wb-Trials">
      <div className="wb-Curves-toolbar">
        <label>
          {trans.__('State')}
          <select
            className="jp-mod-styled"
            value={state}
            onChange={event => setState(event.target.value as TrialState | '')}
          >
            <option value="">{trans.__('All')}</option>
            {STATES.map(word => (
              <option key={word} value={word}>
                {word}
              </option>
            ))}
          </select>
        </label>
        <span className="wb-Muted">{trans._n('%1 trial', '%1 trials', rows.length)}</span>
        <button className="jp-mod-styled" onClick={() => void clone(props, study.trials[study.trials.length - 1])}>
          {trans.__('Try values…')}
        </button>
      </div>
      <div className="wb-Trials-scroll" ref={host} onScroll={event => setTop(event.currentTarget.scrollTop)}>
        <table className="wb-Table" aria-rowcount={rows.length + 1}>
          <thead>
            <tr>
              {columns.map(column => (
                <th
                  key={column.key}
                  scope="col"
                  aria-sort={sort[0] === column.key ? (sort[1] ? 'descending' : 'ascending') : undefined}
                >
                  <button
                    className="wb-Link"
                    onClick={() => setSort([column.key, sort[0] === column.key ? !sort[1] : column.key === 'number'])}
                  >
                    {column.title}
                    {sort[0] === column.key ? (sort[1] ? ' ↓' : ' ↑') : ''}
                  </button>
                </th>
              ))}
              <th />
            </tr>
          </thead>
          <tbody>
            {first > 0 && <tr style={{ height: first * ROW }} aria-hidden />}
            {rows.slice(first, last).map((trial, index) => (
              <tr
                key={trial.number}
                aria-rowindex={first + index + 2}
                className={trial.feasible ? '' : 'wb-mod-infeasible'}
                title={trial.feasible ? undefined : trans.__('It violates the study’s constraints.')}
              >
                {columns.map(column => (
                  <td key={column.key}>
                    {column.key === 'number' ? (
                      <button className="wb-Link" onClick={() => onPick(trial.number)}>
                        <TrialDot state={trial.state} label={trial.state} />
                        {trial.number}
                      </button>
                    ) : (
                      column.text(trial)
                    )}
                  </td>
                ))}
                <td>
                  <button
                    className="wb-IconButton"
                    aria-label={trans.__('Actions for trial %1', trial.number)}
                    aria-haspopup="menu"
                    onClick={event => openMenu(props, trial, event.currentTarget)}
                  >
                    <ellipsesIcon.react tag="span" />
                  </button>
                </td>
              </tr>
            ))}
            {last < rows.length && <tr style={{ height: (rows.length - last) * ROW }} aria-hidden />}
          </tbody>
        </table>
        {rows.length === 0 && <Empty>{trans.__('No trial is in this state.')}</Empty>}
      </div>
    </div>
  );
}

function columnsOf(study: IStudyData, trans: IStudyTabProps['trans']): IColumn[] {
  const now = Date.now() / 1000;
  const took = (trial: ITrial) => (trial.started ? (trial.ended ?? now) - trial.started : null);
  return [
    { key: 'number', title: trans.__('trial'), of: trial => trial.number, text: trial => String(trial.number) },
    { key: 'state', title: trans.__('state'), of: trial => trial.state, text: trial => trial.state },
    ...study.goals.map((goal, index) => ({
      key: `goal.${index}`,
      title: goal,
      of: (trial: ITrial) => trial.values[index],
      text: (trial: ITrial) =>
        trial.values[index] === null || trial.values[index] === undefined ? '' : number(trial.values[index])
    })),
    ...Object.keys(study.kinds)
      .sort()
      .map(name => ({
        key: `param.${name}`,
        title: name,
        of: (trial: ITrial) => {
          const value = trial.params[name];
          return typeof value === 'number' ? value : value === undefined || value === null ? null : String(value);
        },
        text: (trial: ITrial) => shown(trial.params[name])
      })),
    {
      key: 'took',
      title: trans.__('duration'),
      of: took,
      text: trial => (took(trial) === null ? '' : duration(took(trial)!))
    }
  ];
}

/** Compare two values; trials without one come last in either direction. */
function order(a: number | string | null, b: number | string | null, isDown: boolean): number {
  if (a === null || b === null) {
    return a === b ? 0 : (a === null ? 1 : -1) * (isDown ? -1 : 1);
  }
  return typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b));
}

async function clone(props: IStudyTabProps & { onChange: () => unknown }, trial: ITrial): Promise<void> {
  const { study, place, model, trans } = props;
  const values = await askForValues(study, trial, trans);
  if (values === null) {
    return;
  }
  try {
    await model.api.enqueue(place.storage, place.study, values);
    const state = study.run && (model.snapshot(study.run.run_id)?.state ?? study.run.state);
    const isLive = state !== null && LIVE_STATES.includes(state);
    Notification.success(
      isLive
        ? trans.__('These values are tried next.')
        : trans.__('These values are tried first when the sweep goes on: run its cell with more --trials.')
    );
    await props.onChange();
  } catch (error) {
    Notification.error((error as Error).message);
  }
}

/** The actions on one trial. */
function openMenu(props: IStudyTabProps & { onChange: () => unknown }, trial: ITrial, button: Element): void {
  const { study, model, trans, onPick, commands: shared } = props;
  const commands = new CommandRegistry();
  const menu = new Menu({ commands });
  const add = (id: string, label: string, execute: () => unknown, isEnabled = true) => {
    commands.addCommand(id, { label, execute, isEnabled: () => isEnabled });
    menu.addItem({ command: id });
  };
  const order = (what: 'prune' | 'stop') => async () => {
    try {
      await model.api.orderTrial(study.run!.run_id, trial.number, what);
    } catch (error) {
      Notification.error((error as Error).message);
    }
    await props.onChange();
  };
  const isRunning = trial.state === 'running' && study.run !== null;
  add('open', trans.__('Open Its Run'), () => onPick(trial.number));
  add('clone', trans.__('Try Other Values…'), () => clone(props, trial));
  if (study.run?.cell_id) {
    add('train', trans.__('Train with These Values'), () =>
      shared.execute(CommandIDs.trainWith, { runId: study.run!.run_id, params: trial.params })
    );
  }
  menu.addItem({ type: 'separator' });
  add('prune', trans.__('Prune'), order('prune'), isRunning);
  add('stop', trans.__('Stop'), order('stop'), isRunning);
  menu.aboutToClose.connect(() => window.setTimeout(() => menu.dispose()));
  const { right, bottom } = button.getBoundingClientRect();
  menu.open(right, bottom, { horizontalAlignment: 'right' });
}
