/** One run in the main area: curves, params, logs, files and cell below its head. */

import * as React from 'react';

import { ReactWidget } from '@jupyterlab/ui-components';
import { TranslationBundle } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';

import { LIVE_STATES } from '../api/states';
import { IRunDetail, ISnapshot } from '../api/types';
import { Empty, Problem } from '../components/common';
import { Tabs } from '../components/tabs';
import { WorkbenchModel } from '../model';
import { CellTab } from './celltab';
import { CurvesTab } from './curvestab';
import { FilesTab } from './files';
import { LogsTab } from './logstab';
import { ParamsTab } from './params';
import { Head } from './runhead';

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
    return <Problem text={error} again={trans.__('Try again')} onAgain={() => read()} />;
  }
  if (run === null) {
    return (
      <Empty>
        <span className="wb-Spinner" />
        {trans.__('Loading the run…')}
      </Empty>
    );
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
  return (
    <>
      <Head {...props} />
      <Tabs id={runId} tabs={tabs} />
    </>
  );
}
