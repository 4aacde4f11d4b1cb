/** The trials of a study as rows, and what the plots compute from them. */

import { IParamKind, IStudyColumns, ParamValue, TrialState } from '../api/studytypes';

export interface ITrial {
  number: number;
  state: TrialState;
  values: (number | null)[];
  params: Record<string, ParamValue>;
  started: number | null;
  ended: number | null;
  feasible: boolean;
}

/** A study as its view holds it. */
export interface IStudyData {
  name: string;
  directions: string[];
  goals: string[];
  run: IStudyColumns['run'];
  kinds: Record<string, IParamKind>;
  trials: ITrial[];
}

/** Merge an answer into the study: its trials replace the known ones from their number on. */
export function merged(known: IStudyData | null, answer: IStudyColumns): IStudyData {
  const names = Object.keys(answer.params);
  const fresh = answer.numbers.map((number, index): ITrial => ({
    number,
    state: answer.states[index],
    values: answer.values.map(column => column[index]),
    params: Object.fromEntries(
      names.filter(name => answer.params[name][index] !== null).map(name => [name, answer.params[name][index]])
    ),
    started: answer.started[index],
    ended: answer.ended[index],
    feasible: answer.feasible[index]
  }));
  const kept = fresh.length
    ? (known?.trials ?? []).filter(trial => trial.number < fresh[0].number)
    : (known?.trials ?? []);
  return {
    name: answer.name,
    directions: answer.directions,
    goals: answer.directions.map(
      (_, goal) => answer.goals[goal] ?? (answer.directions.length > 1 ? `value ${goal}` : 'value')
    ),
    run: answer.run,
    kinds: { ...known?.kinds, ...answer.kinds },
    trials: [...kept, ...fresh]
  };
}

/** Return the number from which on trials may still change. */
export function unsettled(study: IStudyData): number {
  const open = study.trials.find(trial => trial.state === 'running' || trial.state === 'waiting');
  return open ? open.number : (study.trials[study.trials.length - 1]?.number ?? -1) + 1;
}

/** Return the complete trials that have a number for a goal. */
export function complete(study: IStudyData, goal = 0): ITrial[] {
  return study.trials.filter(trial => trial.state === 'complete' && isNumber(trial.values[goal]));
}

/** Return the best trial of a study with one goal, or null before there is one. */
export function best(study: IStudyData): ITrial | null {
  if (study.directions.length !== 1) {
    return null;
  }
  let found: ITrial | null = null;
  for (const trial of complete(study)) {
    if (trial.feasible && (found === null || isBetter(study, 0, trial.values[0]!, found.values[0]!))) {
      found = trial;
    }
  }
  return found;
}

/** Return number and value of each trial that was the best when it ended. */
export function climb(study: IStudyData, goal = 0): [number, number][] {
  const steps: [number, number][] = [];
  for (const trial of complete(study, goal)) {
    const value = trial.values[goal]!;
    if (trial.feasible && (steps.length === 0 || isBetter(study, goal, value, steps[steps.length - 1][1]))) {
      steps.push([trial.number, value]);
    }
  }
  return steps;
}

/** Return the numbers of the trials on the Pareto front. */
export function front(study: IStudyData): Set<number> {
  const candidates = study.trials.filter(
    trial => trial.state === 'complete' && trial.feasible && trial.values.every(isNumber)
  );
  const signs = study.directions.map(direction => (direction === 'maximize' ? -1 : 1));
  const signed = candidates.map(trial => trial.values.map((value, goal) => signs[goal] * value!));
  const order = candidates.map((_, index) => index).sort((a, b) => compare(signed[a], signed[b]));
  const kept: number[] = [];
  for (const index of order) {
    if (!kept.some(other => beats(signed[other], signed[index]))) {
      kept.push(index);
    }
  }
  return new Set(kept.map(index => candidates[index].number));
}

/** Count the trials in each state. */
export function counts(study: IStudyData): Record<TrialState, number> {
  const found: Record<TrialState, number> = { complete: 0, running: 0, pruned: 0, fail: 0, waiting: 0 };
  study.trials.forEach(trial => (found[trial.state] += 1));
  return found;
}

/**
 * Interpolate a goal over two swept numbers on a grid: inverse distance weighting with power 2 (Shepard).
 *
 * @param points - Coordinates from 0 to 1, and values.
 * @returns Rows from low to high, each with `size` values.
 */
export function surface(points: [number, number, number][], size: number): number[][] {
  const rows: number[][] = [];
  for (let row = 0; row < size; row += 1) {
    const y = (row + 0.5) / size;
    rows.push(
      Array.from({ length: size }, (_, column) => {
        const x = (column + 0.5) / size;
        let weights = 0;
        let sum = 0;
        for (const [px, py, value] of points) {
          const weight = 1 / ((px - x) ** 2 + (py - y) ** 2 + 1e-4) ** 2;
          weights += weight;
          sum += weight * value;
        }
        return sum / weights;
      })
    );
  }
  return rows;
}

/** Format a value for a cell of a table. */
export function shown(value: ParamValue | undefined): string {
  if (value === undefined || value === null) {
    return '';
  }
  return typeof value === 'number' ? String(Number(value.toPrecision(5))) : String(value);
}

export function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function isBetter(study: IStudyData, goal: number, value: number, other: number): boolean {
  return study.directions[goal] === 'maximize' ? value > other : value < other;
}

function beats(one: number[], other: number[]): boolean {
  return one.every((value, goal) => value <= other[goal]) && one.some((value, goal) => value < other[goal]);
}

function compare(one: number[], other: number[]): number {
  for (let goal = 0; goal < one.length; goal += 1) {
    if (one[goal] !== other[goal]) {
      return one[goal] - other[goal];
    }
  }
  return 0;
}
