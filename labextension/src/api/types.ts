/** What the server tells, by the panel's names; `generated.ts` has it from the server's `openapi.json`. */

import { components, operations } from './generated';

type Schemas = components['schemas'];

/** What an operation answers, by its id in `openapi.json`: the verb of the bridge. */
export type Answer<Id extends keyof operations> = operations[Id]['responses'][200]['content']['application/json'];

export type RunState = Schemas['RunState'];
export type IFailure = Schemas['Failure'];
export type IRun = Schemas['RunSummary'];
export type IRunPage = Schemas['RunPage'];
export type IComparedRun = Schemas['ComparedRun'];
export type IRunDetail = Schemas['RunDetail'];
export type ISnapshot = Schemas['RunSnapshot'];
export type IWorker = Schemas['WorkerSnapshot'];
export type IWaiting = Schemas['Waiting'];
export type IProgress = Schemas['Progress'];
export type ISweep = Schemas['SweepSnapshot'];
export type ICell = Schemas['RunCell'];
export type ISeries = Schemas['MetricSeries'];
export type IArtifact = Schemas['Artifact'];
export type ILogPage = Schemas['LogPage'];

export type ICluster = Schemas['ClusterOverview'];
export type INode = Schemas['Node'];
export type INodeUsage = Schemas['NodeUsage'];
export type IJob = Schemas['RayJob'];
export type IStudy = Schemas['StudySummary'];

/** What the server emits on Jupyter's event bus; the bridge numbers each event. */
export type WorkbenchEvent = Schemas['WorkbenchEvent'] & { number: number };
