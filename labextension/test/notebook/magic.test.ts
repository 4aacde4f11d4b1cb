import { describe, expect, it } from 'vitest';

import { isTrainCell, readOptions, withoutTrain, writeOptions } from '../../src/notebook/magic';

const CELL = '%%train digits --workers 2 --timeout 2h --returns model,history\nfit()';

describe('the first line of a train cell', () => {
  it('is known from others', () => {
    expect(isTrainCell(CELL)).toBe(true);
    expect(isTrainCell('%%training\nfit()')).toBe(false);
    expect(isTrainCell('fit()\n%%train')).toBe(false);
  });

  it('is read', () => {
    expect(readOptions(CELL)).toEqual({ name: 'digits', workers: '2', gpus_per_worker: '', returns: 'model,history' });
    expect(readOptions('fit()')).toBeNull();
    expect(readOptions('%%train -w 3')).toMatchObject({ name: '', workers: '3' });
  });

  it('is written with what the form does not know left as it was', () => {
    const written = writeOptions(CELL, { name: 'digits', workers: '4', gpus_per_worker: '0.5', returns: 'model' });
    expect(written).toBe('%%train digits --workers 4 --gpus-per-worker 0.5 --returns model --timeout 2h\nfit()');
  });

  it('is read by the declared options, whatever they take', () => {
    const line = '%%train --pip "a b" c --env K=V --no-wait -r "model" --memory=2G --gpus-per-worker=0.5';
    expect(readOptions(line)).toEqual({ name: '', workers: '', gpus_per_worker: '0.5', returns: 'model' });
    const written = writeOptions(line, { name: 'n', workers: '', gpus_per_worker: '', returns: '' });
    expect(written).toBe('%%train n --pip "a b" c --env K=V --no-wait --memory=2G');
  });

  it('comes and goes without touching the rest', () => {
    const made = writeOptions('a = 1\n\nb = 2', { name: '', workers: '1', gpus_per_worker: '0', returns: 'a, b' });
    expect(made).toBe('%%train --returns a,b\na = 1\n\nb = 2');
    expect(withoutTrain(made)).toBe('a = 1\n\nb = 2');
  });
});
