import { describe, expect, it } from 'vitest';

import { axes, comparisonRows, csv } from '../../src/compare/comparison';
import { IComparedRun } from '../../src/api/types';

function run(name: string, params: Record<string, string>, metrics: Record<string, number | null>): IComparedRun {
  return {
    run_id: name.repeat(4),
    name,
    state: 'finished',
    experiment: 'book',
    metrics,
    params,
    started_at: 10,
    ended_at: 20,
    source: 'workbench',
    failure: null,
    cell_id: '',
    notebook: '',
    workers: '1'
  };
}

const RUNS = [
  run('a', { lr: '0.1', opt: 'adam', same: '1' }, { loss: 0.5, 'loss/rank_1': 0.6 }),
  run('b', { lr: '0.2', opt: 'sgd', same: '1', only: 'x' }, { loss: null })
];

describe('a comparison', () => {
  it('marks what differs', () => {
    const rows = comparisonRows(RUNS);
    const differing = rows.filter(row => row.differs).map(row => row.name);
    expect(differing).toEqual(['lr', 'only', 'opt', 'loss', 'loss/rank_1']);
    expect(rows.find(row => row.name === 'loss')!.values).toEqual(['0.5', 'NaN']);
  });

  it('has axes of numbers and of words, and none of other ranks', () => {
    const found = axes(RUNS);
    expect(found.map(axis => axis.name)).toEqual(['lr', 'only', 'opt', 'same', 'loss']);
    expect(found[0]).toMatchObject({ values: [0.1, 0.2], categories: null });
    expect(found[2]).toMatchObject({ values: ['adam', 'sgd'], categories: ['adam', 'sgd'] });
  });

  it('is written as CSV in which nothing is a formula', () => {
    const odd = [run('=cmd()', { text: 'a,"b"', minus: '-1.5', dash: '-x' }, { loss: 0.123456789 })];
    const text = csv(odd, comparisonRows(odd));
    expect(text.split('\n')[0]).toBe("kind,name,'=cmd()");
    expect(text).toContain('param,text,"a,""b"""');
    expect(text).toContain('param,minus,-1.5');
    expect(text).toContain("param,dash,'-x");
    expect(text).toContain('metric,loss,0.123456789');
  });
});
