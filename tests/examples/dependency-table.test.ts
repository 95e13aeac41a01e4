import { expect, onTestFinished, test } from 'vitest';
import { buildGraph, type SurveyedPackage } from '../../examples/workflow-runtime/src/dependencies/graph.ts';
import { parseLockfile } from '../../examples/workflow-runtime/src/dependencies/lockfile.ts';
import { Slowdowns } from '../../examples/workflow-runtime/src/faults/slowdowns.ts';
import { DependencyTable } from '../../examples/workflow-runtime/src/table/dependency-table.ts';
import type { Finding } from '../../examples/workflow-runtime/src/table/schema.ts';
import { lockfileText } from './project.ts';
import { recordSpans } from './recorded-spans.ts';

const spans = recordSpans();

const PACKAGES = {
  'node_modules/boat': { version: '1.0.0', dependencies: { keel: '1', sail: '1' } },
  'node_modules/keel': { version: '1.2.0', optional: true },
  'node_modules/sail': { version: '2.0.0', dev: true, dependencies: { keel: '1' } },
  'node_modules/sail/node_modules/boat': { version: '0.9.0' },
};
const lockfile = parseLockfile(lockfileText(PACKAGES));
const surveyed = [...lockfile.packages.values()].map((locked): SurveyedPackage => ({
  locked,
  installed: locked.name !== 'keel',
  license: 'MIT',
  description: `The ${locked.name}`,
  entryPoints: [{ subpath: '.', condition: 'main', file: './index.js' }],
  missingFiles: [],
}));
const findings: Finding[] = [{ path: 'node_modules/keel', code: 'ENOENT', message: 'not there' }];

function openTable(slowdowns = new Slowdowns()): DependencyTable {
  const table = new DependencyTable(slowdowns);
  onTestFinished(() => table.close());
  table.replace(surveyed, buildGraph(lockfile, surveyed), findings);
  return table;
}

test('counts what a package needs, who needs it, and what was found', () => {
  const table = openTable();
  const check = (name: string, expected: object) => expect(table.factsByName(name)).toMatchObject(expected);
  check('boat', { version: '1.0.0', dependencies: 2, dependents: 0, entryPoints: 1, findings: 0, installed: true });
  check('keel', { dependencies: 0, dependents: 2, findings: 1, installed: false, optional: true });
  check('sail', { dev: true, license: 'MIT', description: 'The sail' });
  expect(table.factsByName('absent')).toBeUndefined();
});

test('takes the package nearest to the root when several share a name', () => {
  expect(openTable().factsByName('boat')?.path).toBe('node_modules/boat');
  expect(openTable().factsByPath('node_modules/sail/node_modules/boat')?.version).toBe('0.9.0');
});

test('lists packages by the beginning of their name', () => {
  const table = openTable();
  const check = (prefix: string, limit: number, expected: string[]) =>
    expect(table.listPackages(prefix, limit).map(({ name, version }) => `${name}@${version}`)).toEqual(expected);
  check('', 10, ['boat@1.0.0', 'boat@0.9.0', 'keel@1.2.0', 'sail@2.0.0']);
  check('b', 1, ['boat@1.0.0']);
  check('ke', 10, ['keel@1.2.0']);
  check('%', 10, []);
  check("'; DROP TABLE package; --", 10, []);
});

test('replaces the surveyed packages and leaves the others', () => {
  const table = openTable();
  const keel = surveyed.filter(({ locked }) => locked.name === 'keel');
  table.replace(keel, buildGraph(lockfile, keel), []);
  expect(table.factsByName('keel')).toMatchObject({ findings: 0, dependents: 2, entryPoints: 1 });
  expect(table.listPackages('', 10)).toHaveLength(4);
  expect(table.listFindings(10)).toEqual([]);
});

test('keeps the earlier rows when a replacement fails half way', () => {
  const table = openTable();
  const twice = [surveyed[0], surveyed[0]];
  expect(() => table.replace(twice, buildGraph(lockfile, twice), [])).toThrow(/UNIQUE/);
  expect(table.factsByName('boat')).toMatchObject({ dependencies: 2 });
  expect(table.listFindings(10)).toEqual(findings);
  table.replace(surveyed, buildGraph(lockfile, surveyed), []);
  expect(table.listFindings(10)).toEqual([]);
});

test('makes each statement a query span', () => {
  openTable().listPackages('', 1);
  const written = spans
    .all()
    .map((span) => [span.attributes['db.operation.name'], span.attributes['db.collection.name']]);
  expect(written).toEqual([
    ['INSERT', 'package'],
    ['INSERT', 'dependency'],
    ['INSERT', 'entry_point'],
    ['INSERT', 'finding'],
    ['SELECT', 'package'],
  ]);
  expect(spans.all()[0].attributes['db.system.name']).toBe('sqlite');
});

test('gives the same rows when it is slowed', () => {
  const slowdowns = new Slowdowns();
  const table = openTable(slowdowns);
  const before = table.factsByName('boat');
  slowdowns.set('table', 50);
  expect(table.factsByName('boat')).toEqual(before);
});
