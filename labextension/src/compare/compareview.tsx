/** Several runs side by side in the main area: table, curves, parallel coordinates, scatter. */

import * as React from 'react';

import { closeIcon, ReactWidget } from '@jupyterlab/ui-components';
import { TranslationBundle } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { ISignal, Signal } from '@lumino/signaling';

import { LIVE_STATES } from '../api/states';
import { IComparedRun, ISnapshot } from '../api/types';
import { CommandIDs } from '../commandids';
import { Empty, Problem } from '../components/common';
import { Tabs } from '../components/tabs';
import { WorkbenchModel } from '../model';
import { CompareCurves } from './curves';
import { ParallelTab, ScatterTab } from './plots';
import { Swatch } from './swatch';
import { CompareTable } from './table';

const READ_AGAIN_MS = 2000;

export class CompareView extends ReactWidget {
  constructor(
    private _runIds: string[],
    private readonly model: WorkbenchModel,
    private readonly commands: CommandRegistry,
    private readonly trans: TranslationBundle
  ) {
    super();
    this.addClass('wb-RunView');
  }

  /** Which runs are compared. */
  get runIds(): readonly string[] {
    return this._runIds;
  }

  set runIds(runIds: readonly string[]) {
    this._runIds = [...runIds];
    this.runIdsChanged.emit();
    this.update();
  }

  get changed(): ISignal<this, void> {
    return this.runIdsChanged;
  }

  render(): JSX.Element {
    return (
      <Compare
        runIds={this._runIds}
        onRemove={runId => (this.runIds = this._runIds.filter(other => other !== runId))}
        model={this.model}
        commands={this.commands}
        trans={this.trans}
      />
    );
  }

  private readonly runIdsChanged = new Signal<this, void>(this);
}

interface ICompareProps {
  runIds: string[];
  onRemove: (runId: string) => void;
  model: WorkbenchModel;
  commands: CommandRegistry;
  trans: TranslationBundle;
}

function Compare({ runIds, onRemove, model, commands, trans }: ICompareProps): JSX.Element {
  const [runs, setRuns] = React.useState<IComparedRun[] | null>(null);
  const [error, setError] = React.useState('');
  const key = runIds.join(',');
  const read = React.useCallback(async () => {
    if (!key) {
      return;
    }
    try {
      setRuns((await model.api.compare(key.split(','))).runs);
      setError('');
    } catch (problem) {
      setError((problem as Error).message);
    }
  }, [key, model]);
  React.useEffect(() => {
    void read();
    let timer = 0;
    const onRuns = (_: unknown, snapshots: ISnapshot[]) => {
      if (!timer && snapshots.some(one => key.includes(one.run_id))) {
        timer = window.setTimeout(() => {
          timer = 0;
          void read();
        }, READ_AGAIN_MS);
      }
    };
    model.runsChanged.connect(onRuns);
    return () => {
      window.clearTimeout(timer);
      model.runsChanged.disconnect(onRuns);
    };
  }, [read, key, model]);

  if (error) {
    return <Problem text={error} again={trans.__('Try again')} onAgain={() => read()} />;
  }
  if (!key) {
    return <Empty>{trans.__('No runs are left to compare. Select some in the sidebar.')}</Empty>;
  }
  if (runs === null) {
    return (
      <Empty>
        <span className="wb-Spinner" />
        {trans.__('Loading the runs…')}
      </Empty>
    );
  }
  const props = { runs, model, trans };
  return (
    <>
      <header className="wb-Head">
        <div className="wb-Head-line">
          <h2>{trans._n('Comparing %1 run', 'Comparing %1 runs', runs.length)}</h2>
        </div>
        <ul className="wb-Compare-runs" aria-label={trans.__('Compared runs')}>
          {runs.map((run, index) => (
            <li key={run.run_id} className="wb-Chip">
              <Swatch index={index} />
              <button
                className="wb-Link"
                title={run.run_id}
                onClick={() => void commands.execute(CommandIDs.openRun, { runId: run.run_id, name: run.name })}
              >
                {run.name}
              </button>
              {LIVE_STATES.includes(run.state) && <span className="wb-Muted">{run.state}</span>}
              <button
                className="wb-IconButton"
                aria-label={trans.__('Remove %1', run.name)}
                title={trans.__('Remove %1', run.name)}
                onClick={() => onRemove(run.run_id)}
              >
                <closeIcon.react tag="span" height="12px" />
              </button>
            </li>
          ))}
        </ul>
      </header>
      <Tabs
        id={`compare-${key.slice(0, 8)}`}
        tabs={[
          ['table', trans.__('Table'), () => <CompareTable {...props} />],
          ['curves', trans.__('Curves'), () => <CompareCurves {...props} />],
          ['parallel', trans.__('Parallel coordinates'), () => <ParallelTab {...props} />],
          ['scatter', trans.__('Scatter'), () => <ScatterTab {...props} />]
        ]}
      />
    </>
  );
}
