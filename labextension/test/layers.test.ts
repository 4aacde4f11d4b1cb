/** The front end's imports run one way: down the layers, and never in a circle. */

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

import ts from 'typescript';
import { describe, expect, it } from 'vitest';

/** The layers from the top down, with their rooms: folders of `src`, or files beside them. */
const LAYERS = [
  ['index'],
  ['plugins'],
  ['runs', 'studies', 'endpoints', 'models', 'cluster', 'compare', 'notebook'],
  ['components'],
  ['model'],
  ['api', 'commandids', 'settings']
];
const SOURCE = join(import.meta.dirname, '../src');

type Graph = Map<string, Set<string>>;

const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter(path => /\.(tsx?|json)$/.test(path));
const modules = new Map(files.map(path => [path.replace(/\.tsx?$/, ''), path]));
const byFile: Graph = new Map([...modules].map(([module, path]) => [module, importsOf(module, path)]));
const byRoom: Graph = new Map();
for (const [module, imports] of byFile) {
  const known = byRoom.get(roomOf(module)) ?? new Set();
  imports.forEach(other => known.add(roomOf(other)));
  known.delete(roomOf(module));
  byRoom.set(roomOf(module), known);
}

describe('imports', () => {
  it('name files that exist', () => {
    const missing = [...byFile].flatMap(([module, imports]) =>
      [...imports].filter(other => !modules.has(other)).map(other => `${module} -> ${other}`)
    );
    expect(missing).toEqual([]);
  });

  it('come from rooms that have a layer', () => {
    expect([...byRoom.keys()].sort()).toEqual(LAYERS.flat().sort());
  });

  it('run down the layers', () => {
    const level = (module: string) => LAYERS.findIndex(rooms => rooms.includes(roomOf(module)));
    const upward = [...byFile].flatMap(([module, imports]) =>
      [...imports].filter(other => level(other) < level(module)).map(other => `${module} -> ${other}`)
    );
    expect(upward).toEqual([]);
  });

  it('form no circle of files', () => {
    expect(circleIn(byFile)).toEqual([]);
  });

  it('form no circle of rooms', () => {
    expect(circleIn(byRoom)).toEqual([]);
  });
});

describe('circleIn', () => {
  it('finds a circle behind a branch', () => {
    const graph: Graph = new Map([
      ['a', new Set(['b', 'c'])],
      ['b', new Set()],
      ['c', new Set(['d'])],
      ['d', new Set(['c'])]
    ]);
    expect(circleIn(graph)).toEqual(['c', 'd', 'c']);
  });
});

/** Return the modules of `src` that a file imports, type-only and dynamic imports included. */
function importsOf(module: string, path: string): Set<string> {
  const { importedFiles } = ts.preProcessFile(readFileSync(join(SOURCE, path), 'utf8'));
  const relative = importedFiles.map(file => file.fileName).filter(name => name.startsWith('.'));
  return new Set(relative.map(name => normalize(join(dirname(module), name))));
}

function roomOf(module: string): string {
  return module.split('/')[0];
}

/** Return the first circle of a graph, closed by its first node, or an empty list. */
function circleIn(graph: Graph): string[] {
  const done = new Set<string>();
  const visit = (node: string, path: string[]): string[] => {
    if (path.includes(node)) {
      return [...path.slice(path.indexOf(node)), node];
    }
    if (done.has(node)) {
      return [];
    }
    for (const other of graph.get(node) ?? []) {
      const circle = visit(other, [...path, node]);
      if (circle.length > 0) {
        return circle;
      }
    }
    done.add(node);
    return [];
  };
  for (const node of graph.keys()) {
    const circle = visit(node, []);
    if (circle.length > 0) {
      return circle;
    }
  }
  return [];
}
