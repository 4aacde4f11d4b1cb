/** One run in the main area: its state, curves, params, logs, files and cell. */

import * as React from 'react';

import { Notification } from '@jupyterlab/apputils';
import { ReactWidget } from '@jupyterlab/ui-components';
import { TranslationBundle } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';

import { duration } from '../format';
import { WorkbenchModel } from '../model';
import { CommandIDs, IRunDetail, ISnapshot, LIVE_STATES } from '../tokens';
import { CellTab } from './celltab';
import { Empty, StateDot } from './common';
import { CurvesTab } from './curves';
import { FilesTab } from './files';
import { LogsTab } from './logs';
import { ParamsTab } from './params';

export class RunView extends ReactWidget {
  constructor(
    readonly runId: string,
    private readonly model: WorkbenchModel,
    private readonly commands: CommandRegistry,
    private readonly trans: TranslationBundle
  ) {
    super();
    this.addClass('wb-RunView');
  }

  render(): JSX.Element {
    return <Run runId={this.runId} model={this.model} commands={this.commands} trans={this.trans} />;
  }
}

export interface IRunTabProps {
  run: IRunDetail;
  snapshot: ISnapshot;
  model: WorkbenchModel;
  commands: CommandRegistry;
  trans: TranslationBundle;
}

interface IRunProps {
  runId: string;
  model: WorkbenchModel;
  commands: CommandRegistry;
  trans: TranslationBundle;
}

function Run({ runId, model, commands, trans }: IRunProps): JSX.Element {
  const [run, setRun] = React.useState<IRunDetail | null>(null);
  const [error, setError] = React.useState('');
  const [live, setLive] = React.useState<ISnapshot | undefined>(model.snapshot(runId));
  const [tab, setTab] = React.useState('curves');
  const read = React.useCallback(async () => {
    try {
      const found = await model.api.run(runId);
      setRun(found);
      setError('');
    } catch (problem) {
      setError((problem as Error).message);
    }
  }, [runId, model]);
  React.useEffect(() => {
    void read();
    const onRuns = (_: unknown, snapshots: ISnapshot[]) => {
      const mine = snapshots.find(one => one.run_id === runId);
      if (mine) {
        setLive(mine);
        if (!LIVE_STATES.includes(mine.state)) {
          void read(); // what is kept with an ended run: files, the verdict
        }
      }
    };
    const onState = () => {
      setLive(model.snapshot(runId));
      void read();
    };
    model.runsChanged.connect(onRuns);
    model.stateChanged.connect(onState);
    return () => {
      model.runsChanged.disconnect(onRuns);
      model.stateChanged.disconnect(onState);
    };
  }, [runId, model, read]);

  if (error) {
    return (
      <Empty isError>
        <p>{error}</p>
        <button className="jp-mod-styled" onClick={() => void read()}>{trans.__('Try again')}</button>
      </Empty>
    );
  }
  if (run === null) {
    return <Empty><span className="wb-Spinner" />{trans.__('Reading the run…')}</Empty>;
  }
  const snapshot = live && live.submitted_at >= run.snapshot.submitted_at ? live : run.snapshot;
  const props = { run, snapshot, model, commands, trans };
  const tabs: [string, string, () => JSX.Element][] = [
    ['curves', trans.__('Curves'), () => <CurvesTab {...props} />],
    ['params', trans.__('Params'), () => <ParamsTab {...props} />],
    ['logs', trans.__('Logs'), () => <LogsTab {...props} />],
    ['files', trans.__('Files'), () => <FilesTab {...props} />],
    ['cell', trans.__('Cell'), () => <CellTab {...props} />]
  ];
  const onTabKey = (event: React.KeyboardEvent) => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (step) {
      const index = tabs.findIndex(([id]) => id === tab);
      const next = tabs[(index + step + tabs.length) % tabs.length][0];
      setTab(next);
      document.getElementById(`wb-tab-${runId}-${next}`)?.focus();
    }
  };
  return (
    <>
      <Head {...props} />
      <div className="wb-Tabs" role="tablist" onKeyDown={onTabKey}>
        {tabs.map(([id, label]) => (
          <button
            key={id}
            id={`wb-tab-${runId}-${id}`}
            role="tab"
            aria-selected={id === tab}
            tabIndex={id === tab ? 0 : -1}
            onClick={() => setTab(id)}
          >
            {label}
          </button>
        ))}
      </div>
      <div className="wb-RunView-body" role="tabpanel" aria-labelledby={`wb-tab-${runId}-${tab}`}>
        {tabs.find(([id]) => id === tab)![2]()}
      </div>
    </>
  );
}

function Head({ run, snapshot, model, commands, trans }: IRunTabProps): JSX.Element {
  const [stopping, setStopping] = React.useState(false);
  const isLive = LIVE_STATES.includes(snapshot.state);
  const [, tick] = React.useReducer((count: number) => count + 1, 0);
  React.useEffect(() => {
    if (!isLive) {
      return;
    }
    const timer = window.setInterval(tick, 1000);
    return () => window.clearInterval(timer);
  }, [isLive]);
  const told = async (action: () => Promise<unknown>) => {
    try {
      await action();
    } catch (error) {
      Notification.error((error as Error).message);
    }
  };
  const stop = async () => {
    setStopping(true);
    await told(() => model.api.stop(run.run_id));
    setStopping(false);
  };
  const openNotebook = () =>
    told(async () => {
      const { path } = await model.api.openNotebook(run.run_id);
      await commands.execute('docmanager:open', { path });
    });
  const began = snapshot.started_at ?? snapshot.submitted_at;
  const took = began ? (snapshot.ended_at ?? Date.now() / 1000) - began : null;
  const progress = snapshot.progress;
  return (
    <header className="wb-Head">
      <div className="wb-Head-line">
        <StateDot state={snapshot.state} label={snapshot.state} />
        <h2>{run.name}</h2>
        <span className={`wb-Chip wb-mod-${snapshot.state}`}>{snapshot.state}</span>
        <span className="wb-Muted">
          {run.experiment}
          {run.workers && ` · ${trans._n('%1 worker', '%1 workers', Number(run.workers))}`}
          {took !== null && ` · ${duration(took)}`}
        </span>
        <span className="wb-Head-actions">
          {run.cell_id && (
            <button
              className="jp-mod-styled"
              onClick={() => void commands.execute(CommandIDs.goToCell, { cellId: run.cell_id, notebook: run.notebook })}
            >
              {trans.__('Go to its cell')}
            </button>
          )}
          {run.source === 'workbench' && (
            <button className="jp-mod-styled" onClick={() => void openNotebook()}>
              {trans.__('Open its notebook')}
            </button>
          )}
          {isLive && run.source === 'workbench' && (
            <button
              className="jp-mod-styled jp-mod-warn"
              disabled={stopping || snapshot.stopping}
              onClick={() => void stop()}
            >
              {snapshot.stopping || stopping ? trans.__('Stopping…') : trans.__('Stop')}
            </button>
          )}
        </span>
      </div>
      {isLive && progress && (
        <div className="wb-Progress">
          <progress
            max={progress.total ?? undefined}
            value={progress.total ? progress.done : undefined}
            aria-label={progress.label || trans.__('Progress')}
          />
          <span className="wb-Muted">
            {progress.label} {progress.done}{progress.total ? ` / ${progress.total}` : ''}
            {progress.eta_s !== null && ` · ${trans.__('%1 left', duration(progress.eta_s))}`}
          </span>
        </div>
      )}
      {snapshot.waiting && (
        <p className="wb-Note">
          {trans.__('Waits: needs %1; %2', snapshot.waiting.needs, snapshot.waiting.free)}
          {snapshot.waiting.held_by.length > 0 && ` (${snapshot.waiting.held_by.join(', ')})`}
        </p>
      )}
      {snapshot.failure && (
        <div className="wb-Failure" role="alert">
          <p>{snapshot.failure.message}</p>
          {snapshot.failure.traceback && <pre>{snapshot.failure.traceback}</pre>}
          {snapshot.failure.fix && <p className="wb-Muted">{snapshot.failure.fix}</p>}
        </div>
      )}
      {snapshot.verdict && <p className="wb-Note">{snapshot.verdict}</p>}
      {snapshot.notes.map(note => <p key={note} className="wb-Note">{note}</p>)}
    </header>
  );
}
