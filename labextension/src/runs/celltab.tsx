/** The cell as it was when the run began, and how it differs from the cell as it is now. */

import * as React from 'react';

import { ICell } from '../api/types';
import { CommandIDs } from '../commandids';
import { Empty } from '../components/common';
import { diffRows } from '../components/diff';
import { IRunTabProps } from './props';

export function CellTab({ run, model, commands, trans }: IRunTabProps): JSX.Element {
  const [cell, setCell] = React.useState<ICell | null>(null);
  const [error, setError] = React.useState('');
  const [shown, setShown] = React.useState<'cell' | 'diff' | 'python'>('cell');
  React.useEffect(() => {
    model.api
      .cell(run.run_id)
      .then(setCell)
      .catch(problem => setError((problem as Error).message));
  }, [model, run.run_id]);
  if (error) {
    return (
      <Empty>
        {run.source === 'workbench' ? error : trans.__('Workbench did not start this run, so its cell is unknown.')}
      </Empty>
    );
  }
  if (cell === null) {
    return (
      <Empty>
        <span className="wb-Spinner" />
        {trans.__('Loading the cell…')}
      </Empty>
    );
  }
  // The open notebook takes precedence over the saved file.
  const readNow = async (): Promise<string | null> => {
    if (!commands.hasCommand(CommandIDs.sourceOfCell)) {
      return cell.now;
    }
    const open: unknown = await commands.execute(CommandIDs.sourceOfCell, { cellId: run.cell_id });
    return typeof open === 'string' ? open : cell.now;
  };
  const choices: [typeof shown, string][] = [
    ['cell', trans.__('As it ran')],
    ['diff', trans.__('Changes since')],
    ['python', trans.__('As Python')]
  ];
  return (
    <div className="wb-Cell">
      <div className="wb-Cell-toolbar">
        <div role="radiogroup" aria-label={trans.__('Show')} className="wb-Choice">
          {choices.map(([id, label]) => (
            <button key={id} role="radio" aria-checked={shown === id} onClick={() => setShown(id)}>
              {label}
            </button>
          ))}
        </div>
        <button
          className="jp-mod-styled"
          onClick={() =>
            void commands.execute(shown === 'python' ? CommandIDs.copyPython : CommandIDs.copyTrain, {
              runId: run.run_id
            })
          }
        >
          {trans.__('Copy')}
        </button>
      </div>
      {shown === 'cell' && <pre>{cell.source}</pre>}
      {shown === 'python' && <pre>{cell.python}</pre>}
      {shown === 'diff' && <Diff before={cell.source} readNow={readNow} trans={trans} />}
    </div>
  );
}

interface IDiffProps {
  before: string;
  /** Read the cell as it is now; null if it is gone. */
  readNow: () => Promise<string | null>;
  trans: IRunTabProps['trans'];
}

function Diff({ before, readNow, trans }: IDiffProps): JSX.Element {
  const [now, setNow] = React.useState<string | null | undefined>(undefined);
  React.useEffect(() => {
    void readNow().then(setNow);
    // Once: choosing the comparison again reads the cell again.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, []);
  if (now === undefined) {
    return (
      <Empty>
        <span className="wb-Spinner" />
        {trans.__('Comparing…')}
      </Empty>
    );
  }
  if (now === null) {
    return <Empty>{trans.__('The cell is no longer in its notebook, or the notebook is gone.')}</Empty>;
  }
  if (now.trimEnd() === before.trimEnd()) {
    return <Empty>{trans.__('The cell has not changed since the run.')}</Empty>;
  }
  return (
    <pre className="wb-Diff" aria-label={trans.__('Changes since the run')}>
      {diffRows(before, now).map((row, index) => (
        <span key={index} className={`wb-Diff-line wb-mod-${row.kind}`}>
          {row.kind === 'skipped'
            ? trans._n('… %1 unchanged line', '… %1 unchanged lines', Number(row.text))
            : row.text}
          {'\n'}
        </span>
      ))}
    </pre>
  );
}
