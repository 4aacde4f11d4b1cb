/** The plots of a study, each with its controls. */

import * as React from 'react';

import { ICurveOfTrial } from '../api/studytypes';
import { Empty } from '../components/common';
import { Plot, SavedPlot, useThemed } from '../components/plot';
import { curves, timeline } from './options/course';
import { history, importances, pareto } from './options/goals';
import { contour, parallel, slice } from './options/params';
import { IStudyTabProps } from './props';
import { complete, IStudyData } from './study';

const MOST_SLICES = 24;

export function HistoryPlot({ study, trans, onPick }: IStudyTabProps): JSX.Element {
  const [isLog, setLog] = React.useState(false);
  const values = complete(study);
  const canLog = values.length > 0 && values.every(trial => trial.values[0]! > 0);
  const option = useThemed(element => history(study, 0, isLog && canLog, element), [study, isLog && canLog]);
  if (values.length === 0) {
    return <Empty>{trans.__('No trial is complete yet.')}</Empty>;
  }
  return (
    <section>
      <div className="wb-Study-title">
        <h3>{trans.__('History')}</h3>
        {canLog && (
          <label>
            <input type="checkbox" checked={isLog} onChange={event => setLog(event.target.checked)} />
            {trans.__('Log scale')}
          </label>
        )}
      </div>
      <SavedPlot
        option={option}
        name={`${study.name}-history`}
        height={320}
        trans={trans}
        onPick={onPick}
        label={trans.__('Values by trial, and the best so far')}
      />
    </section>
  );
}

export function ImportancesPlot({ study, place, model, trans }: IStudyTabProps): JSX.Element {
  const [goal, setGoal] = React.useState(0);
  const [found, setFound] = React.useState<Record<string, number> | null>(null);
  const count = complete(study, goal).length;
  // Each request costs the server a moment: first ask after every few trials, then after every 10 % more.
  const turn = count < 20 ? Math.floor(count / 4) : Math.floor(Math.log(count) / Math.log(1.1));
  React.useEffect(() => {
    let isWanted = true;
    model.api
      .importances(place.storage, place.study, goal)
      .then(answer => isWanted && setFound(answer.importances))
      .catch(() => isWanted && setFound({}));
    return () => {
      isWanted = false;
    };
  }, [place, model, goal, turn]);
  const option = useThemed(element => importances(found ?? {}, element), [found]);
  const names = Object.keys(found ?? {});
  return (
    <section>
      <div className="wb-Study-title">
        <h3>{trans.__('Importances')}</h3>
        <GoalChoice study={study} goal={goal} onChoose={setGoal} label={trans.__('for')} />
        <span className="wb-Muted">{trans.__('PED-ANOVA')}</span>
      </div>
      {found === null ? (
        <p className="wb-Muted">{trans.__('Computing…')}</p>
      ) : names.length === 0 ? (
        <p className="wb-Muted">{trans.__('Too few trials are complete to rank the parameters.')}</p>
      ) : (
        <Plot
          option={option}
          height={60 + 30 * Math.max(1, names.length)}
          trans={trans}
          label={trans.__('Importance of each parameter')}
        />
      )}
    </section>
  );
}

export function SlicePlots(props: IStudyTabProps): JSX.Element {
  const [goal, setGoal] = React.useState(0);
  const { study, trans } = props;
  const names = Object.keys(study.kinds).sort().slice(0, MOST_SLICES);
  if (complete(study, goal).length === 0) {
    return <Empty>{trans.__('No trial is complete yet.')}</Empty>;
  }
  return (
    <>
      <div className="wb-Curves-toolbar">
        <GoalChoice study={study} goal={goal} onChoose={setGoal} label={trans.__('Goal')} />
        <span className="wb-Muted">{trans.__('Later trials are darker.')}</span>
      </div>
      <div className="wb-Curves">
        {names.map(name => (
          <SlicePlot key={name} {...props} name={name} goal={goal} />
        ))}
      </div>
    </>
  );
}

function SlicePlot({ study, name, goal, trans, onPick }: IStudyTabProps & { name: string; goal: number }): JSX.Element {
  const option = useThemed(element => slice(study, name, goal, element), [study, name, goal]);
  return (
    <Plot
      option={option}
      height={240}
      trans={trans}
      onPick={onPick}
      label={trans.__('%1 by %2', study.goals[goal], name)}
    />
  );
}

/** Parallel coordinates, or a contour over two names. */
export function PlacesPlot({
  study,
  kind,
  trans,
  onPick
}: IStudyTabProps & { kind: 'parallel' | 'contour' }): JSX.Element {
  const names = Object.keys(study.kinds).sort();
  const [goal, setGoal] = React.useState(0);
  const [x, setX] = React.useState('');
  const [y, setY] = React.useState('');
  const across = names.includes(x) ? x : names[0];
  const up = names.includes(y) && y !== across ? y : names.find(name => name !== across);
  const option = useThemed(
    element =>
      kind === 'parallel' ? parallel(study, goal, element) : up ? contour(study, across, up, goal, element) : {},
    [study, kind, across, up, goal]
  );
  if (kind === 'contour' && !up) {
    return <Empty>{trans.__('A contour plot needs two parameters.')}</Empty>;
  }
  if (complete(study, goal).length < 2) {
    return <Empty>{trans.__('At least two trials must be complete.')}</Empty>;
  }
  const choice = (label: string, chosen: string, set: (name: string) => void) => (
    <label>
      {label}
      <select className="jp-mod-styled" value={chosen} onChange={event => set(event.target.value)}>
        {names.map(name => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <>
      <div className="wb-Curves-toolbar">
        {kind === 'contour' && choice(trans.__('Across'), across, setX)}
        {kind === 'contour' && choice(trans.__('Up'), up!, setY)}
        <GoalChoice study={study} goal={goal} onChoose={setGoal} label={trans.__('Goal')} />
      </div>
      <SavedPlot
        option={option}
        name={`${study.name}-${kind}`}
        height={440}
        trans={trans}
        onPick={onPick}
        label={kind === 'parallel' ? trans.__('Parallel coordinates') : trans.__('Contour of %1 and %2', across, up!)}
      />
    </>
  );
}

export function CurvesPlot({ study, place, model, trans, onPick }: IStudyTabProps): JSX.Element {
  const [found, setFound] = React.useState<ICurveOfTrial[] | null>(null);
  const [error, setError] = React.useState('');
  React.useEffect(() => {
    let isWanted = true;
    model.api
      .curvesOf(place.storage, place.study)
      .then(answer => isWanted && setFound(answer.curves))
      .catch(problem => isWanted && setError((problem as Error).message));
    return () => {
      isWanted = false;
    };
  }, [study, place, model]);
  const option = useThemed(element => curves(study, found ?? [], element), [study, found]);
  if (error) {
    return <Empty isError>{error}</Empty>;
  }
  if (found?.length === 0) {
    return <Empty>{trans.__('No trial has reported intermediate values yet. Log the goal at each step.')}</Empty>;
  }
  return (
    <>
      <p className="wb-Muted">{trans.__('The best trials, the newest, and those still running.')}</p>
      <SavedPlot
        option={option}
        name={`${study.name}-curves`}
        height={400}
        trans={trans}
        onPick={onPick}
        label={trans.__('Intermediate values')}
      />
    </>
  );
}

export function ParetoPlot({ study, trans, onPick }: IStudyTabProps): JSX.Element {
  const [x, setX] = React.useState(0);
  const [y, setY] = React.useState(1);
  const option = useThemed(element => pareto(study, x, y, element), [study, x, y]);
  if (complete(study).length === 0) {
    return <Empty>{trans.__('No trial is complete yet.')}</Empty>;
  }
  return (
    <>
      {study.goals.length > 2 && (
        <div className="wb-Curves-toolbar">
          <GoalChoice study={study} goal={x} onChoose={setX} label={trans.__('Across')} />
          <GoalChoice study={study} goal={y} onChoose={setY} label={trans.__('Up')} />
        </div>
      )}
      <p className="wb-Muted">{trans.__('Trials on the Pareto front stand out.')}</p>
      <SavedPlot
        option={option}
        name={`${study.name}-front`}
        trans={trans}
        onPick={onPick}
        label={trans.__('Pareto front')}
      />
    </>
  );
}

export function TimelinePlot({ study, trans, onPick }: IStudyTabProps): JSX.Element {
  const option = useThemed(element => timeline(study, Date.now() / 1000, element), [study]);
  return (
    <>
      <SavedPlot
        option={option}
        name={`${study.name}-timeline`}
        height={460}
        trans={trans}
        onPick={onPick}
        label={trans.__('When each trial ran')}
      />
    </>
  );
}

function GoalChoice(props: {
  study: IStudyData;
  goal: number;
  label: string;
  onChoose: (goal: number) => void;
}): JSX.Element | null {
  if (props.study.goals.length < 2) {
    return null;
  }
  return (
    <label>
      {props.label}
      <select
        className="jp-mod-styled"
        value={props.goal}
        onChange={event => props.onChoose(Number(event.target.value))}
      >
        {props.study.goals.map((name, index) => (
          <option key={index} value={index}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
