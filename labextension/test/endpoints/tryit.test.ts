import { describe, expect, it } from 'vitest';

import { IField, IModelSchema } from '../../src/api/servingtypes';
import {
  blamed,
  bodyOf,
  firstEntries,
  firstJson,
  firstRecord,
  hasForm,
  kindOf,
  MOST_FIELDS,
  pretty,
  readable
} from '../../src/endpoints/tryit';

function schema(inputs: [string, string, number[]?][], more: Partial<IModelSchema> = {}): IModelSchema {
  return {
    inputs: inputs.map(([name, dtype, shape]): IField => ({ name, dtype, shape: shape ?? [-1] })),
    outputs: null,
    is_columns: true,
    example: null,
    flavor: 'sklearn',
    streams: false,
    ...more
  };
}

const TABLE = schema([
  ['age', 'int64'],
  ['height', 'float64'],
  ['smokes', 'bool'],
  ['city', 'str']
]);

describe('a form to try a model', () => {
  it('has a field for each column of the type that the column has', () => {
    expect(['int64', 'uint8', 'float32', 'bool', 'str', 'datetime64[ns]'].map(kindOf)).toEqual([
      'whole',
      'whole',
      'number',
      'flag',
      'text',
      'text'
    ]);
    expect(hasForm(TABLE)).toBe(true);
    expect(hasForm(schema([['x', 'float64', [-1, 64]]], { is_columns: false }))).toBe(false);
    expect(hasForm(schema(Array.from({ length: MOST_FIELDS + 1 }, (_, index) => [`c${index}`, 'float64'])))).toBe(
      false
    );
    expect(hasForm(undefined)).toBe(false);
  });

  it.each([
    '{"dataframe_split": {"columns": ["age", "height", "smokes", "city"], "data": [[41, 1.8, true, "Bern"]]}}',
    '{"dataframe_records": [{"age": 41, "height": 1.8, "smokes": true, "city": "Bern"}]}',
    '{"inputs": [{"age": 41, "height": 1.8, "smokes": true, "city": "Bern"}]}',
    '{"inputs": {"age": [41], "height": [1.8], "smokes": [true], "city": ["Bern"]}}',
    '{"instances": [[41, 1.8, true, "Bern"]]}',
    '[{"age": 41, "height": 1.8, "smokes": true, "city": "Bern"}]',
    '{"age": 41, "height": 1.8, "smokes": true, "city": "Bern"}'
  ])('begins with the example %s', example => {
    const entries = firstEntries({ ...TABLE, example });
    expect(entries).toEqual({ age: '41', height: '1.8', smokes: true, city: 'Bern' });
    expect(bodyOf(TABLE, entries)).toEqual({
      dataframe_records: [{ age: 41, height: 1.8, smokes: true, city: 'Bern' }]
    });
  });

  it('begins empty where the example is none, and sends null for an empty number', () => {
    expect(firstRecord('no JSON', ['age'])).toEqual({});
    expect(firstRecord('[]', ['age'])).toEqual({});
    const entries = firstEntries(TABLE);
    expect(entries).toEqual({ age: '', height: '', smokes: false, city: '' });
    expect(bodyOf(TABLE, entries)).toEqual({
      dataframe_records: [{ age: null, height: null, smokes: false, city: '' }]
    });
  });

  it('begins with a tensor of the right shape where there is no example', () => {
    const one = schema([['x', 'float32', [-1, 2, 3]]], { is_columns: false });
    expect(JSON.parse(firstJson(one))).toEqual({
      inputs: [
        [
          [0, 0, 0],
          [0, 0, 0]
        ]
      ]
    });
    const two = schema(
      [
        ['a', 'str', [-1]],
        ['b', 'bool', []]
      ],
      { is_columns: false }
    );
    expect(JSON.parse(firstJson(two))).toEqual({ inputs: { a: [''], b: false } });
  });

  it('lays JSON out with a row a line', () => {
    expect(
      pretty({
        inputs: [
          [1, 2],
          [3, 4]
        ]
      })
    ).toBe('{\n  "inputs": [\n    [1, 2],\n    [3, 4]\n  ]\n}');
    const odd = { text: 'a [ b\n c ] d', list: ['x, [ ', ' ]'], none: null, empty: [], nothing: {} };
    expect(JSON.parse(pretty(odd))).toEqual(odd);
    expect(readable('plain')).toBe('plain');
  });

  it('knows which field an answer blames', () => {
    expect(blamed('{"error": "Cannot read age", "field": "age"}')).toBe('age');
    expect(blamed('oops')).toBe('');
  });
});
