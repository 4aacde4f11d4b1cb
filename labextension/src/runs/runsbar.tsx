/** The bar below the list of runs: actions on the selection, or why the list is empty. */

import * as React from 'react';

import { deleteIcon, LabIcon, stopIcon } from '@jupyterlab/ui-components';
import { TranslationBundle } from '@jupyterlab/translation';

import { Empty, Problem } from '../components/common';
import { compareIcon } from '../components/icons';
import { RunList } from './runlist';

interface IRunsBarProps {
  count: number;
  stoppable: number;
  deletable: number;
  onCompare: () => void;
  onStop: () => void;
  onDelete: () => void;
  trans: TranslationBundle;
}

export function RunsBar(props: IRunsBarProps): JSX.Element {
  const { trans } = props;
  const button = (icon: LabIcon, label: string, isOn: boolean, onClick: () => void) => (
    <button className="wb-IconButton" aria-label={label} title={label} disabled={!isOn} onClick={onClick}>
      <icon.react tag="span" />
    </button>
  );
  return (
    <div className="wb-Runs-bar" role="toolbar" aria-label={trans.__('Selected runs')}>
      <span className="wb-Muted">{trans._n('%1 selected', '%1 selected', props.count)}</span>
      {button(compareIcon, trans.__('Compare'), props.count > 1, props.onCompare)}
      {button(stopIcon, trans.__('Stop'), props.stoppable > 0, props.onStop)}
      {button(deleteIcon, trans.__('Delete'), props.deletable > 0, props.onDelete)}
    </div>
  );
}

export function RunsState({ list, trans }: { list: RunList; trans: TranslationBundle }): JSX.Element | null {
  if (list.error) {
    return <Problem text={list.error} again={trans.__('Try again')} onAgain={() => list.refresh()} />;
  }
  if (list.loading && list.rows.length === 0) {
    return (
      <Empty>
        <span className="wb-Spinner" />
        {trans.__('Loading runs…')}
      </Empty>
    );
  }
  if (list.rows.length === 0) {
    return (
      <Empty>
        {list.query || list.states.length || list.scope.kind !== 'all'
          ? trans.__('No run matches.')
          : trans.__('No runs yet. Start a cell with %%%%train to make it one.')}
      </Empty>
    );
  }
  return null;
}
