/** The sidebar's cluster section: what there is, what runs, what waits and why. */

import * as React from 'react';

import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import { TranslationBundle } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { IDisposable } from '@lumino/disposable';
import { Message } from '@lumino/messaging';

import { IJob, ISnapshot } from '../api/types';
import { CommandIDs } from '../commandids';
import { Empty, Problem, StateDot } from '../components/common';
import { ago, duration } from '../components/format';
import { WorkbenchModel } from '../model';
import { Nodes, Resources } from './nodes';

export class ClusterSection extends ReactWidget {
  constructor(
    private readonly model: WorkbenchModel,
    private readonly commands: CommandRegistry,
    private readonly trans: TranslationBundle
  ) {
    super();
    this.title.label = trans.__('Cluster');
    this.addClass('wb-ClusterSection');
  }

  protected onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.watch();
  }

  protected onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    if (this.isVisible) {
      this.watch();
    }
  }

  protected onBeforeHide(message: Message): void {
    super.onBeforeHide(message);
    this.unwatch();
  }

  protected onBeforeDetach(message: Message): void {
    this.unwatch();
    super.onBeforeDetach(message);
  }

  render(): JSX.Element {
    return (
      <UseSignal signal={this.model.clusterChanged}>
        {() => <Cluster model={this.model} commands={this.commands} trans={this.trans} />}
      </UseSignal>
    );
  }

  private watch(): void {
    this.watching ??= this.model.watch();
  }

  private unwatch(): void {
    this.watching?.dispose();
    this.watching = null;
  }

  private watching: IDisposable | null = null;
}

interface IClusterProps {
  model: WorkbenchModel;
  commands: CommandRegistry;
  trans: TranslationBundle;
}

function Cluster({ model, commands, trans }: IClusterProps): JSX.Element {
  const cluster = model.cluster;
  if (model.busy) {
    const words: Record<string, string> = {
      starting: trans.__('Starting a cluster on this machine…'),
      joining: trans.__('Joining the cluster…'),
      stopping: trans.__('Stopping…')
    };
    return (
      <Empty>
        <span className="wb-Spinner" />
        {words[model.busy]}
      </Empty>
    );
  }
  if (model.error) {
    return <Problem text={model.error} again={trans.__('Refresh')} onAgain={() => model.refresh()} />;
  }
  if (cluster === null) {
    return (
      <Empty>
        <span className="wb-Spinner" />
        {trans.__('Looking for a cluster…')}
      </Empty>
    );
  }
  if (cluster.state !== 'up') {
    return (
      <Empty isError={cluster.state === 'lost'}>
        <p>
          {cluster.state === 'lost'
            ? cluster.message
            : trans.__('No cluster is running. The first %%%%train cell starts one on this machine.')}
        </p>
        <div className="wb-Buttons">
          <button
            className="jp-mod-styled jp-mod-accept"
            onClick={() => void commands.execute(CommandIDs.startCluster)}
          >
            {trans.__('Start')}
          </button>
          <button className="jp-mod-styled" onClick={() => void commands.execute(CommandIDs.joinCluster)}>
            {trans.__('Join…')}
          </button>
        </div>
        <Elsewhere addresses={cluster.elsewhere} commands={commands} trans={trans} />
      </Empty>
    );
  }
  return (
    <div className="wb-Cluster">
      <div className="wb-Cluster-where" title={cluster.address}>
        {cluster.is_local ? trans.__('This machine') : cluster.address}
        <span className="wb-Muted">{trans._n('%1 node', '%1 nodes', cluster.nodes.length)}</span>
      </div>
      <Resources cluster={cluster} trans={trans} />
      <Nodes cluster={cluster} runs={model.live} trans={trans} />
      <Going runs={model.live} commands={commands} trans={trans} />
      <Jobs jobs={model.jobs} trans={trans} />
      <button
        className="wb-Link"
        onClick={() =>
          void commands.execute(CommandIDs.openDashboard, { name: 'ray', title: trans.__('Ray dashboard') })
        }
      >
        {trans.__('Ray dashboard')}
      </button>
      <Elsewhere addresses={cluster.elsewhere} commands={commands} trans={trans} />
    </div>
  );
}

function Going(props: { runs: ISnapshot[]; commands: CommandRegistry; trans: TranslationBundle }): JSX.Element | null {
  const { runs, commands, trans } = props;
  if (runs.length === 0) {
    return <div className="wb-Muted wb-Cluster-idle">{trans.__('Nothing is running.')}</div>;
  }
  return (
    <ul className="wb-Cluster-going" aria-label={trans.__('Active runs')}>
      {runs.map(run => (
        <li key={run.run_id}>
          <button
            className="wb-Link"
            onClick={() => void commands.execute(CommandIDs.openRun, { runId: run.run_id, name: run.name })}
          >
            <StateDot state={run.state} label={run.state} />
            {run.name}
          </button>
          <span className="wb-Muted">
            {run.waiting
              ? trans.__('waiting: needs %1; %2', run.waiting.needs, run.waiting.free)
              : run.progress?.total
                ? `${Math.round((100 * run.progress.done) / run.progress.total)} %`
                : run.state}
          </span>
          {run.waiting && run.waiting.actions.length > 0 && (
            <ul className="wb-Cluster-actions">
              {run.waiting.actions.map(action => (
                <li key={action}>{action}</li>
              ))}
            </ul>
          )}
        </li>
      ))}
    </ul>
  );
}

/** Ray jobs that were submitted with Ray's own tools. */
function Jobs({ jobs, trans }: { jobs: readonly IJob[]; trans: TranslationBundle }): JSX.Element | null {
  if (jobs.length === 0) {
    return null;
  }
  return (
    <details className="wb-Cluster-jobs">
      <summary>{trans._n('%1 Ray job', '%1 Ray jobs', jobs.length)}</summary>
      <ul aria-label={trans.__('Ray jobs')}>
        {jobs.slice(0, 50).map(job => (
          <li key={job.job_id} title={`${job.job_id}\n${job.message}`}>
            <StateDot state={job.state} label={job.state} />
            <code>{job.entrypoint}</code>
            <span className="wb-Muted">
              {job.started_at && job.ended_at ? duration(job.ended_at - job.started_at) : job.state}
              {job.started_at ? ` · ${ago(job.started_at)}` : ''}
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}

/** Other clusters on this machine. */
function Elsewhere(props: { addresses: string[]; commands: CommandRegistry; trans: TranslationBundle }): JSX.Element {
  const { addresses, commands, trans } = props;
  return (
    <>
      {addresses.map(address => (
        <div key={address} className="wb-Cluster-elsewhere">
          <span className="wb-Muted">{trans.__('Another cluster: %1', address)}</span>
          <button className="wb-Link" onClick={() => void commands.execute(CommandIDs.joinCluster, { address })}>
            {trans.__('Join')}
          </button>
        </div>
      ))}
    </>
  );
}
