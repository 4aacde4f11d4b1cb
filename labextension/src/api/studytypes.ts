/** Studies and their trials as the server tells of them. */

export type TrialState = 'complete' | 'pruned' | 'fail' | 'running' | 'waiting';

export type ParamValue = number | string | boolean | null;

export interface IParamKind {
  choices?: ParamValue[];
  low?: number;
  high?: number;
  log?: boolean;
}

/** What `GET studies/STORAGE/STUDY` answers: the trials column by column. */
export interface IStudyColumns {
  name: string;
  directions: string[];
  goals: string[];
  run: { run_id: string; state: string; cell_id: string } | null;
  numbers: number[];
  states: TrialState[];
  values: (number | null)[][];
  params: Record<string, ParamValue[]>;
  started: (number | null)[];
  ended: (number | null)[];
  feasible: boolean[];
  asked: boolean[];
  kinds: Record<string, IParamKind>;
}

export interface ICurveOfTrial {
  number: number;
  state: TrialState;
  points: [number, number][];
}
