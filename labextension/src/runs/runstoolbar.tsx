/** Above the list of runs: search, filters, order. */

import * as React from 'react';

import { LabIcon, refreshIcon } from '@jupyterlab/ui-components';
import { TranslationBundle } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';

import { CommandIDs } from '../commandids';
import { tidyIcon } from '../components/icons';
import { RunList } from './runlist';

const SEARCH_DELAY_MS = 250;

interface IToolbarProps {
  list: RunList;
  commands: CommandRegistry;
  trans: TranslationBundle;
}

export function RunsToolbar({ list, commands, trans }: IToolbarProps): JSX.Element {
  const [text, setText] = React.useState(list.query);
  const timer = React.useRef(0);
  React.useEffect(() => setText(list.query), [list.query]);
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
          <option value="queued,starting,running">{trans.__('Active')}</option>
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
        <Scope list={list} trans={trans} />
        <span className="wb-Runs-buttons">
          <IconButton icon={refreshIcon} label={trans.__('Refresh')} onClick={() => void list.refresh()} />
          <IconButton
            icon={tidyIcon}
            label={trans.__('Tidy up…')}
            onClick={() => void commands.execute(CommandIDs.tidyRuns)}
          />
        </span>
      </div>
    </div>
  );
}

function IconButton(props: { icon: LabIcon; label: string; onClick: () => void }): JSX.Element {
  return (
    <button className="wb-IconButton" aria-label={props.label} title={props.label} onClick={props.onClick}>
      <props.icon.react tag="span" />
    </button>
  );
}

/** The choice of the runs to list: all, those of the notebook, or those of an experiment. */
function Scope({ list, trans }: { list: RunList; trans: TranslationBundle }): JSX.Element {
  const { scope } = list;
  const value = scope.kind === 'experiment' ? `experiment:${scope.name}` : scope.kind;
  const choose = (chosen: string) => {
    list.scope = chosen.startsWith('experiment:')
      ? { kind: 'experiment', name: chosen.slice('experiment:'.length) }
      : { kind: chosen as 'all' | 'notebook' };
    void list.refresh();
  };
  return (
    <select
      className="jp-mod-styled"
      aria-label={trans.__('Experiment')}
      value={value}
      onChange={event => choose(event.target.value)}
    >
      <option value="all">{trans.__('All experiments')}</option>
      <option value="notebook" disabled={!list.notebook}>
        {trans.__('This notebook')}
      </option>
      {list.experiments.map(name => (
        <option key={name} value={`experiment:${name}`}>
          {name}
        </option>
      ))}
    </select>
  );
}
