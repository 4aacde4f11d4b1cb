/** Runs side by side, as rows that say where they differ. */

import { IComparedRun } from '../api/types';
import { duration, number } from '../components/format';

export type RowKind = 'run' | 'param' | 'metric';

export interface IComparisonRow {
  kind: RowKind;
  name: string;
  /** One text per run; empty where the run has no such value. */
  values: string[];
  /** Whether the values differ between the runs. */
  differs: boolean;
}

/** Check whether a metric is another rank's value of a metric that rank 0 logged as well. */
export function isOfRank(name: string): boolean {
  return /\/rank_\d+$/.test(name);
}

/** Return the state, params and metrics of all runs, each group sorted by name. */
export function comparisonRows(runs: readonly IComparedRun[]): IComparisonRow[] {
  const row = (kind: RowKind, name: string, values: string[]): IComparisonRow => ({
    kind,
    name,
    values,
    differs: new Set(values).size > 1
  });
  const names = (of: (run: IComparedRun) => object) => [...new Set(runs.flatMap(run => Object.keys(of(run))))].sort();
  return [
    row(
      'run',
      'state',
      runs.map(run => run.state)
    ),
    row(
      'run',
      'experiment',
      runs.map(run => run.experiment)
    ),
    row('run', 'duration', runs.map(took)),
    ...names(run => run.params).map(name =>
      row(
        'param',
        name,
        runs.map(run => run.params[name] ?? '')
      )
    ),
    ...names(run => run.metrics).map(name =>
      row(
        'metric',
        name,
        runs.map(run => (name in run.metrics ? number(run.metrics[name]) : ''))
      )
    )
  ];
}

function took(run: IComparedRun): string {
  return run.started_at && run.ended_at ? duration(run.ended_at - run.started_at) : '';
}

/** An axis of a plot: the value of a param or metric in each run, null where a run has none. */
export interface IAxis {
  name: string;
  kind: 'param' | 'metric';
  values: (number | string | null)[];
  /** The sorted values of a categorical param; null for numbers. */
  categories: string[] | null;
}

/** Return all axes that the runs can be plotted along. */
export function axes(runs: readonly IComparedRun[]): IAxis[] {
  const found: IAxis[] = [];
  for (const name of [...new Set(runs.flatMap(run => Object.keys(run.params)))].sort()) {
    const texts = runs.map(run => run.params[name] ?? null);
    const isNumeric = texts.every(text => text === null || (text.trim() !== '' && Number.isFinite(Number(text))));
    const categories = isNumeric ? null : [...new Set(texts.filter(text => text !== null))].sort();
    const values = isNumeric ? texts.map(text => (text === null ? null : Number(text))) : texts;
    found.push({ name, kind: 'param', values, categories });
  }
  for (const name of [...new Set(runs.flatMap(run => Object.keys(run.metrics)))].sort()) {
    if (isOfRank(name)) {
      continue;
    }
    found.push({ name, kind: 'metric', values: runs.map(run => run.metrics[name] ?? null), categories: null });
  }
  return found.filter(axis => axis.values.some(value => value !== null));
}

/** Return the rows as CSV, one column per run. Cells that a spreadsheet would run as formulas are quoted. */
export function csv(runs: readonly IComparedRun[], rows: readonly IComparisonRow[]): string {
  const cell = (text: string) => {
    const safe = /^[=+@\t\r]|^-(?![\d.])/.test(text) ? `'${text}` : text;
    return /[",\n\r]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
  };
  const exact = (row: IComparisonRow) =>
    row.kind === 'metric' ? runs.map(run => String(run.metrics[row.name] ?? '')) : row.values;
  const lines = [
    ['kind', 'name', ...runs.map(run => run.name)],
    ['run', 'run_id', ...runs.map(run => run.run_id)],
    ...rows.map(row => [row.kind, row.name, ...exact(row)])
  ];
  return lines.map(line => line.map(cell).join(',')).join('\n') + '\n';
}
