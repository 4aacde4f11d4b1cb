import { describe, expect, it } from 'vitest';

import { IEndpoint, IModel } from '../../src/api/servingtypes';
import { blank, endpointName, optionsOf } from '../../src/endpoints/publishing';
import { isAlias, rowsOf, servedBy } from '../../src/models/registry';
import { curl, predictUrl, python } from '../../src/endpoints/snippets';

describe('publishing', () => {
  it('says only what was chosen', () => {
    expect(optionsOf(blank('r'))).toEqual({});
    const chosen = {
      ...blank('r'),
      values: { ...blank('r').values, replicas: '1..4', slo: ' 20ms ', gpus: '0.5', cache: '100', samples: '0' },
      isPinned: true
    };
    expect(optionsOf(chosen)).toEqual({
      replicas: '1..4',
      slo: '20ms',
      gpus: 0.5,
      cache: 100,
      samples: 0,
      env: 'pinned'
    });
  });

  it('begins with one kind of traffic', () => {
    expect(optionsOf({ ...blank(), traffic: 'canary' }).canary).toBe('10%');
    expect(optionsOf({ ...blank(), traffic: 'shadow' }).shadow).toBe(true);
    expect(optionsOf({ ...blank(), traffic: 'none' }).traffic).toBe(false);
  });

  it('makes a name that can be a part of an address', () => {
    expect(endpointName('my book (2).ipynb')).toBe('my-book-2-ipynb');
    expect(endpointName('--x')).toBe('x');
    expect(endpointName('ä'.repeat(3))).toBe('');
    expect(endpointName('n'.repeat(90))).toHaveLength(63);
  });
});

const endpoint = {
  name: 'digits',
  url: 'http://127.0.0.1:8765/digits',
  models: ['digits'],
  token_file: '',
  schemas: { digits: { example: `{"inputs": ["it's"]}` } }
} as unknown as IEndpoint;

describe('lines that call an endpoint', () => {
  it('quote the example for the shell', () => {
    expect(curl(endpoint)).toContain(`-d '{"inputs": ["it'\\''s"]}'`);
    expect(curl(endpoint)).toContain('Bearer $TOKEN"');
  });

  it('take the token that lies in a file, or the one given', () => {
    const kept = { ...endpoint, token_file: '/srv/my project/default' };
    expect(curl(kept)).toContain(`Bearer $(cat '/srv/my project/default')"`);
    expect(python(kept)).toContain('token = open("/srv/my project/default").read().strip()');
    expect(curl(kept, 'wb_x')).toContain('Bearer wb_x"');
    expect(python(endpoint, 'wb_x')).toContain('token = "wb_x"');
    expect(python(endpoint)).toContain('os.environ["TOKEN"]');
  });

  it('name the model where there are several', () => {
    expect(predictUrl(endpoint)).toBe('http://127.0.0.1:8765/digits/predict');
    const schemas = { 'a b': endpoint.schemas.digits, c: endpoint.schemas.digits };
    expect(predictUrl({ ...endpoint, schemas })).toBe('http://127.0.0.1:8765/digits/models/a%20b/predict');
    expect(predictUrl({ ...endpoint, schemas }, 'c')).toBe('http://127.0.0.1:8765/digits/models/c/predict');
  });

  it('name none where versions have a model each, of different names', () => {
    expect(predictUrl({ ...endpoint, models: ['digits', 'digits_before'] })).toBe(
      'http://127.0.0.1:8765/digits/predict'
    );
  });
});

function model(name: string, count: number, aliases: Record<string, number> = {}): IModel {
  const versions = Array.from({ length: count }, (_, index) => ({
    name,
    number: count - index,
    created_at: 0,
    run_id: '',
    run_name: '',
    notebook: '',
    aliases: [],
    endpoints: index === 0 ? [`${name}-live`] : [],
    model_uri: '',
    uri: ''
  }));
  return { name, updated_at: 0, aliases, versions };
}

describe('registered models', () => {
  const models = [model('digits', 1000, { champion: 7 }), model('wine', 2)];

  it('are listed with the versions of those that are open', () => {
    expect(rowsOf(models, new Set(), '').map(row => row.model.name)).toEqual(['digits', 'wine']);
    const open = rowsOf(models, new Set(['digits']), '');
    expect(open).toHaveLength(1002);
    expect(open[1].version!.number).toBe(1000);
    expect(rowsOf(models, new Set(['digits']), 'WIN')).toHaveLength(1);
    expect(rowsOf(models, new Set(), 'champ')[0].model.name).toBe('digits');
    expect(servedBy(models[1])).toEqual(['wine-live']);
  });

  it('take what MLflow takes for an alias', () => {
    expect(['champion', 'a-b_1', '_x', '2024-q1', 'größte'].every(isAlias)).toBe(true);
    expect(['', 'v1', 'V22', 'Latest', 'a b', 'a/b', 'a'.repeat(256)].some(isAlias)).toBe(false);
  });
});
