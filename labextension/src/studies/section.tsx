/** The sidebar's section of studies: those of Optuna scripts too. */

import * as React from 'react';

import { ReactWidget, refreshIcon } from '@jupyterlab/ui-components';
import { TranslationBundle } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Message } from '@lumino/messaging';
import { Signal } from '@lumino/signaling';

import { ISnapshot, IStudy, RunState } from '../api/types';
import { CommandIDs } from '../commandids';
import { Empty, Problem, StateDot } from '../components/common';
import { ago, number } from '../components/format';
import { WorkbenchModel } from '../model';

const READ_AGAIN_MS = 1500;

export class StudiesSection extends ReactWidget {
  constructor(
    private readonly model: WorkbenchModel,
    private readonly commands: CommandRegistry,
    private readonly trans: TranslationBundle
  ) {
    super();
    this.title.label = trans.__('Sweeps');
    this.addClass('wb-StudiesSection');
  }

  protected onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.shown.emit();
  }

  render(): JSX.Element {
    return (
      <Studies
        model={this.model}
        commands={this.commands}
        trans={this.trans}
        shown={this.shown}
        isShown={this.isShown}
      />
    );
  }

  private readonly isShown = () => this.isVisible;
  private readonly shown = new Signal<this, void>(this);
}

interface IStudiesProps {
  model: WorkbenchModel;
  commands: CommandRegistry;
  trans: TranslationBundle;
  shown: Signal<unknown, void>;
  isShown: () => boolean;
}

function Studies({ model, commands, trans, shown, isShown }: IStudiesProps): JSX.Element {
  const [studies, setStudies] = React.useState<IStudy[] | null>(null);
  const [problems, setProblems] = React.useState<string[]>([]);
  const read = React.useCallback(async () => {
    try {
      const found = await model.api.studies();
      setStudies(found.studies);
      setProblems(found.problems);
    } catch (error) {
      setProblems([(error as Error).message]);
    }
  }, [model]);
  React.useEffect(() => {
    if (isShown()) {
      void read();
    }
    const onShown = () => void read();
    shown.connect(onShown);
    return () => {
      shown.disconnect(onShown);
    };
  }, [read, shown, isShown]);
  // A sweep that begins, goes on or ends changes its study.
  React.useEffect(() => {
    let timer = 0;
    const soon = () => {
      if (!timer && isShown()) {
        timer = window.setTimeout(() => {
          timer = 0;
          void read();
        }, READ_AGAIN_MS);
      }
    };
    const onRuns = (_: unknown, snapshots: ISnapshot[]) => {
      if (snapshots.some(one => one.sweep)) {
        soon();
      }
    };
    model.runsChanged.connect(onRuns);
    model.stateChanged.connect(soon);
    return () => {
      window.clearTimeout(timer);
      model.runsChanged.disconnect(onRuns);
      model.stateChanged.disconnect(soon);
    };
  }, [read, model, isShown]);
  return (
    <div className="wb-Studies">
      {problems.map(problem => (
        <Problem key={problem} text={problem} again={trans.__('Try again')} onAgain={() => read()} />
      ))}
      {studies === null && problems.length === 0 && (
        <Empty>
          <span className="wb-Spinner" />
          {trans.__('Looking for studies…')}
        </Empty>
      )}
      {studies?.length === 0 && problems.length === 0 && (
        <Empty>{trans.__('No studies yet. Optuna studies of this project’s files are listed here.')}</Empty>
      )}
      {studies !== null && studies.length > 0 && (
        <>
          <ul aria-label={trans.__('Studies')}>
            {studies.map(study => (
              <Study key={`${study.storage_id}/${study.study_id}`} study={study} commands={commands} trans={trans} />
            ))}
          </ul>
          <div className="wb-Runs-bar">
            <span className="wb-Muted">{trans._n('%1 study', '%1 studies', studies.length)}</span>
            <button
              className="wb-IconButton"
              aria-label={trans.__('Refresh')}
              title={trans.__('Refresh')}
              onClick={() => void read()}
            >
              <refreshIcon.react tag="span" />
            </button>
          </div>
        </>
      )}
    </div>
  );
}

function Study(props: { study: IStudy; commands: CommandRegistry; trans: TranslationBundle }): JSX.Element {
  const { study, commands, trans } = props;
  const counts = study.trials;
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const state: RunState = counts.running ? 'running' : total ? 'finished' : 'queued';
  const parts = [trans._n('%1 trial', '%1 trials', total)];
  if (counts.pruned) {
    parts.push(trans.__('%1 pruned', counts.pruned));
  }
  if (counts.fail) {
    parts.push(trans.__('%1 failed', counts.fail));
  }
  if (study.started_at) {
    parts.push(ago(study.started_at));
  }
  const open = () =>
    void commands.execute(CommandIDs.openStudy, {
      storage: study.storage_id,
      study: study.study_id,
      name: study.name
    });
  return (
    <li>
      <button className="wb-Run wb-mod-inFlow" title={study.storage} onClick={open}>
        <StateDot state={state} label={state} />
        <span className="wb-Run-main">
          <span className="wb-Run-name">{study.name}</span>
          <span className="wb-Run-line">{parts.join(' · ')}</span>
        </span>
        {study.best !== null && (
          <span className="wb-Run-metric">
            <span>{number(study.best)}</span>
            <span className="wb-Run-line">
              {study.directions[0] === 'maximize' ? trans.__('highest') : trans.__('lowest')}
            </span>
          </span>
        )}
      </button>
    </li>
  );
}
