/** The REST routes below `workbench/api`; their types come from `openapi.json` of the server plugin. */

import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import { ServingApi } from './serving';
import { IStudyColumns, ParamValue } from './studytypes';
import { Answer, IArtifact, ICell, ICluster, ILogPage, IRunDetail, IRunPage, ISeries } from './types';

/** A refusal of the server, with the words that it gave. */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly kind: string
  ) {
    super(message);
  }
}

export interface IRunQuery {
  query: string;
  states: string[];
  experiment?: string;
  notebook?: string;
  orderBy: string;
  limit: number;
  after?: string;
}

export class WorkbenchApi {
  constructor(private readonly settings: ServerConnection.ISettings) {}

  /** Endpoints and registered models. */
  readonly serving = new ServingApi((...asked) => this.request(...asked));

  cluster(): Promise<ICluster> {
    return this.request('GET', 'cluster');
  }

  startCluster(address?: string): Promise<ICluster> {
    return this.request('PUT', 'cluster', {}, address ? { address } : {});
  }

  stopCluster(): Promise<Answer<'stop_cluster'>> {
    return this.request('DELETE', 'cluster');
  }

  runs(query: IRunQuery): Promise<IRunPage> {
    return this.request('GET', 'runs', {
      query: query.query,
      states: query.states.join(','),
      experiment: query.experiment ?? '',
      notebook: query.notebook ?? '',
      order_by: query.orderBy,
      limit: String(query.limit),
      after: query.after ?? ''
    });
  }

  run(runId: string): Promise<IRunDetail> {
    return this.request('GET', `runs/${runId}`);
  }

  compare(runIds: string[]): Promise<Answer<'compare'>> {
    return this.request('GET', 'comparison', { runs: runIds.join(',') });
  }

  experiments(): Promise<Answer<'experiments'>> {
    return this.request('GET', 'experiments');
  }

  jobs(): Promise<Answer<'jobs'>> {
    return this.request('GET', 'jobs');
  }

  studies(): Promise<Answer<'studies'>> {
    return this.request('GET', 'studies');
  }

  study(storage: string, study: number, after: number): Promise<IStudyColumns> {
    return this.request('GET', `studies/${storage}/${study}`, { after: String(after) });
  }

  importances(storage: string, study: number, goal: number): Promise<Answer<'study_importances'>> {
    return this.request('GET', `studies/${storage}/${study}/importances`, { goal: String(goal) });
  }

  curvesOf(storage: string, study: number): Promise<Answer<'study_curves'>> {
    return this.request('GET', `studies/${storage}/${study}/curves`);
  }

  enqueue(storage: string, study: number, params: Record<string, ParamValue>): Promise<Answer<'enqueue_trial'>> {
    return this.request('POST', `studies/${storage}/${study}/trials`, {}, { params });
  }

  runOfTrial(storage: string, study: number, number: number): Promise<Answer<'trial_run'>> {
    return this.request('GET', `studies/${storage}/${study}/trials/${number}/run`);
  }

  orderTrial(runId: string, number: number, order: 'prune' | 'stop'): Promise<Answer<'order_trial'>> {
    return this.request('POST', `runs/${runId}/trials/${number}`, {}, { order });
  }

  pause(runId: string, paused: boolean): Promise<Answer<'pause_sweep'>> {
    return this.request('POST', `runs/${runId}/pause`, {}, { paused });
  }

  cellWithValues(source: string, params: Record<string, ParamValue>): Promise<Answer<'write_back'>> {
    return this.request('POST', 'cells/with-values', {}, { source, params });
  }

  cell(runId: string): Promise<ICell> {
    return this.request('GET', `runs/${runId}/cell`);
  }

  again(runId: string, resume: boolean): Promise<Answer<'run_again'>> {
    return this.request('POST', `runs/${runId}/again`, {}, { resume });
  }

  tidy(states: string[], olderThanDays: number, dry: boolean): Promise<Answer<'tidy'>> {
    return this.request('POST', 'runs/tidying', {}, { states, older_than_days: olderThanDays, dry });
  }

  /** Where another project's pages are, below this server. */
  dashboardUrl(name: string, path = ''): string {
    return URLExt.join(this.settings.baseUrl, 'workbench/dashboards', name, '/') + path;
  }

  /** Wait until those pages answer; they are started at need. */
  async dashboardIsUp(name: string, path = ''): Promise<void> {
    const response = await ServerConnection.makeRequest(this.dashboardUrl(name, path), {}, this.settings);
    if (!response.ok) {
      throw await refusal(response);
    }
  }

  stop(runId: string): Promise<Answer<'stop_run'>> {
    return this.request('POST', `runs/${runId}/stop`, {}, {});
  }

  delete(runIds: string[]): Promise<Answer<'delete_runs'>> {
    return this.request('POST', 'runs/deletion', {}, { run_ids: runIds });
  }

  series(
    runId: string,
    metric: string,
    options: { x: string; most: number; start?: number; end?: number }
  ): Promise<ISeries> {
    return this.request('GET', `runs/${runId}/series`, {
      metric,
      x: options.x,
      most: String(options.most),
      start: options.start === undefined ? '' : String(options.start),
      end: options.end === undefined ? '' : String(options.end)
    });
  }

  logs(runId: string, rank: number, start: number, count: number, wanted = ''): Promise<ILogPage> {
    return this.request('GET', `runs/${runId}/logs`, {
      rank: String(rank),
      start: String(start),
      count: String(count),
      wanted
    });
  }

  artifacts(runId: string): Promise<Answer<'artifacts'>> {
    return this.request('GET', `runs/${runId}/artifacts`);
  }

  artifact(runId: string, path: string): Promise<IArtifact> {
    return this.request('GET', `runs/${runId}/artifact`, { path });
  }

  openNotebook(runId: string): Promise<Answer<'open_notebook'>> {
    return this.request('POST', `runs/${runId}/notebook`, {}, {});
  }

  private async request<T>(
    method: string,
    path: string,
    query: Record<string, string> = {},
    body?: unknown
  ): Promise<T> {
    const filled = Object.fromEntries(Object.entries(query).filter(([, value]) => value !== ''));
    const url = URLExt.join(this.settings.baseUrl, 'workbench/api', path) + URLExt.objectToQueryString(filled);
    const init = { method, body: body === undefined ? null : JSON.stringify(body) };
    let response: Response;
    try {
      response = await ServerConnection.makeRequest(url, init, this.settings);
    } catch {
      throw new ApiError('Jupyter Server does not answer.', 0, 'Offline');
    }
    if (!response.ok) {
      throw await refusal(response);
    }
    return (await response.json().catch(() => ({}))) as T;
  }
}

/** What an answer that refuses says; it need not be JSON, as where a proxy gave it. */
async function refusal(response: Response): Promise<ApiError> {
  const said = (await response.json().catch(() => ({}))) as { message?: string; kind?: string };
  return new ApiError(said.message ?? response.statusText, response.status, said.kind ?? '');
}
