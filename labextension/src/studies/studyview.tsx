/** The view of a study in the main area: progress, plots, trials and their actions. */

import * as React from 'react';

import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import { TranslationBundle } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';

import { ISnapshot } from '../api/types';
import { CommandIDs } from '../commandids';
import { Empty, Problem } from '../components/common';
import { Tabs } from '../components/tabs';
import { WorkbenchModel } from '../model';
import { StudyHead } from './head';
import { CurvesPlot, HistoryPlot, ImportancesPlot, ParetoPlot, PlacesPlot, SlicePlots, TimelinePlot } from './plots';
import { IStudyPlace, IStudyTabProps } from './props';
import { IStudyData, merged, unsettled } from './study';
import { TrialTable } from './trialtable';

const READ_AGAIN_MS = 1000;
const LOOK_EVERY_MS = 4000;

export class StudyView extends ReactWidget {
  constructor(
    readonly place: IStudyPlace,
    private readonly model: WorkbenchModel,
    private readonly commands: CommandRegistry,
    private readonly trans: TranslationBundle
  ) {
    super();
    this.addClass('wb-RunView');
    this.addClass('wb-StudyView');
  }

  render(): JSX.Element {
    return (
      <Study place={this.place} model={this.model} commands={this.commands} trans={this.trans} isShown={this.isShown} />
    );
  }

  private readonly isShown = () => this.isVisible;
}

interface IStudyProps {
  place: IStudyPlace;
  model: WorkbenchModel;
  commands: CommandRegistry;
  trans: TranslationBundle;
  isShown: () => boolean;
}

function Study({ place, model, commands, trans, isShown }: IStudyProps): JSX.Element {
  const [study, setStudy] = React.useState<IStudyData | null>(null);
  const [error, setError] = React.useState('');
  const known = React.useRef<IStudyData | null>(null);
  const read = React.useCallback(async () => {
    try {
      const after = known.current ? unsettled(known.current) : 0;
      const answer = await model.api.study(place.storage, place.study, after);
      const isNews = !known.current || answer.numbers.length > 0 || answer.run?.state !== known.current.run?.state;
      known.current = merged(known.current, answer);
      if (isNews) {
        setStudy(known.current);
      }
      setError('');
    } catch (problem) {
      setError((problem as Error).message);
    }
  }, [place, model]);
  React.useEffect(() => {
    void read();
    let timer = 0;
    const onRuns = (_: unknown, snapshots: ISnapshot[]) => {
      if (!timer && isShown() && snapshots.some(one => one.sweep?.study === place.name)) {
        timer = window.setTimeout(() => {
          timer = 0;
          void read();
        }, READ_AGAIN_MS);
      }
    };
    // A study of a script sends no events: poll it while some of its trials run.
    const looking = window.setInterval(() => {
      if (isShown() && known.current && known.current.trials.some(trial => trial.state === 'running')) {
        void read();
      }
    }, LOOK_EVERY_MS);
    model.runsChanged.connect(onRuns);
    return () => {
      window.clearTimeout(timer);
      window.clearInterval(looking);
      model.runsChanged.disconnect(onRuns);
    };
  }, [read, model, place, isShown]);
  const onPick = React.useCallback(
    (trial: number) => {
      model.api
        .runOfTrial(place.storage, place.study, trial)
        .then(({ run_id, name }) => commands.execute(CommandIDs.openRun, { runId: run_id, name }))
        .catch(problem => setNotice((problem as Error).message));
    },
    [model, place, commands]
  );
  const [notice, setNotice] = React.useState('');

  if (error && study === null) {
    return <Problem text={error} again={trans.__('Try again')} onAgain={() => read()} />;
  }
  if (study === null) {
    return (
      <Empty>
        <span className="wb-Spinner" />
        {trans.__('Loading the study…')}
      </Empty>
    );
  }
  const props: IStudyTabProps = { study, place, model, commands, trans, onPick };
  const isSingle = study.directions.length === 1;
  const tabs: [string, string, () => JSX.Element][] = [
    [
      'history',
      isSingle ? trans.__('History') : trans.__('Front'),
      () => (isSingle ? <Overview {...props} /> : <ParetoPlot {...props} />)
    ],
    ['trials', trans.__('Trials'), () => <TrialTable {...props} onChange={read} />],
    ['parallel', trans.__('Parallel coordinates'), () => <PlacesPlot kind="parallel" {...props} />],
    ['slice', trans.__('Slice'), () => <SlicePlots {...props} />],
    ['contour', trans.__('Contour'), () => <PlacesPlot kind="contour" {...props} />],
    ...(isSingle
      ? [
          ['curves', trans.__('Intermediate values'), () => <CurvesPlot {...props} />] as [
            string,
            string,
            () => JSX.Element
          ]
        ]
      : [
          ['importances', trans.__('Importances'), () => <ImportancesPlot {...props} />] as [
            string,
            string,
            () => JSX.Element
          ]
        ]),
    ['timeline', trans.__('Timeline'), () => <TimelinePlot {...props} />]
  ];
  return (
    <>
      <UseSignal signal={model.runsChanged}>
        {() => <StudyHead {...props} error={error || notice} onChange={read} />}
      </UseSignal>
      {study.trials.length === 0 ? (
        <Empty>{trans.__('No trials yet.')}</Empty>
      ) : (
        <Tabs id={`study-${place.storage}-${place.study}`} tabs={tabs} />
      )}
    </>
  );
}

function Overview(props: IStudyTabProps): JSX.Element {
  return (
    <>
      <HistoryPlot {...props} />
      <ImportancesPlot {...props} />
    </>
  );
}
