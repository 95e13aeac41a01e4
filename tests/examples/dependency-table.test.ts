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

async function openTable(slowdowns = new Slowdowns()): Promise<DependencyTable> {
  const table = new DependencyTable(slowdowns);
  onTestFinished(() => table.close());
  await table.replace(surveyed, buildGraph(lockfile, surveyed), findings);
  return table;
}

test('counts what a package needs, who needs it, and what was found', async () => {
  const table = await openTable();
  const check = async (name: string, expected: object) => expect(await table.factsByName(name)).toMatchObject(expected);
  await check('boat', {
    version: '1.0.0',
    dependencies: 2,
    dependents: 0,
    entryPoints: 1,
    findings: 0,
    installed: true,
  });
  await check('keel', { dependencies: 0, dependents: 2, findings: 1, installed: false, optional: true });
  await check('sail', { dev: true, license: 'MIT', description: 'The sail' });
  expect(await table.factsByName('absent')).toBeUndefined();
});

test('takes the package nearest to the root when several share a name', async () => {
  const table = await openTable();
  expect((await table.factsByName('boat'))?.path).toBe('node_modules/boat');
  expect((await table.factsByPath('node_modules/sail/node_modules/boat'))?.version).toBe('0.9.0');
});

test('lists packages by the beginning of their name', async () => {
  const table = await openTable();
  const check = async (prefix: string, limit: number, expected: string[]) =>
    expect((await table.listPackages(prefix, limit)).map(({ name, version }) => `${name}@${version}`)).toEqual(
      expected,
    );
  await check('', 10, ['boat@1.0.0', 'boat@0.9.0', 'keel@1.2.0', 'sail@2.0.0']);
  await check('b', 1, ['boat@1.0.0']);
  await check('ke', 10, ['keel@1.2.0']);
  await check('%', 10, []);
  await check("'; DROP TABLE package; --", 10, []);
});

test('replaces the surveyed packages and leaves the others', async () => {
  const table = await openTable();
  const keel = surveyed.filter(({ locked }) => locked.name === 'keel');
  await table.replace(keel, buildGraph(lockfile, keel), []);
  expect(await table.factsByName('keel')).toMatchObject({ findings: 0, dependents: 2, entryPoints: 1 });
  expect(await table.listPackages('', 10)).toHaveLength(4);
  expect(await table.listFindings(10)).toEqual([]);
});

test('keeps the earlier rows when a replacement fails half way', async () => {
  const table = await openTable();
  const twice = [surveyed[0], surveyed[0]];
  await expect(table.replace(twice, buildGraph(lockfile, twice), [])).rejects.toThrow(/UNIQUE/);
  expect(await table.factsByName('boat')).toMatchObject({ dependencies: 2 });
  expect(await table.listFindings(10)).toEqual(findings);
  await table.replace(surveyed, buildGraph(lockfile, surveyed), []);
  expect(await table.listFindings(10)).toEqual([]);
});

test('makes each statement a query span', async () => {
  await (await openTable()).listPackages('', 1);
  const written = spans
    .all()
    .filter(({ attributes }) => 'db.operation.name' in attributes)
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

test('makes a replacement one transaction, which waits for the one under way', async () => {
  const table = await openTable();
  spans.reset();
  const graph = buildGraph(lockfile, surveyed);
  const ended: string[] = [];
  await Promise.all([
    table.replace(surveyed, graph, findings).then(() => ended.push('first')),
    table.replace(surveyed, graph, []).then(() => ended.push('second')),
  ]);
  expect(ended).toEqual(['first', 'second']);
  expect(await table.listFindings(10)).toEqual([]);
  const [first, second] = spans
    .named('transaction dependencies')
    .map(({ attributes }) => Number(attributes['evenkeel.db.lock_wait']));
  expect(second).toBeGreaterThan(first);
});

test('shows readers what was there before until a replacement is whole', async () => {
  const table = await openTable();
  const replacing = table.replace(surveyed, buildGraph(lockfile, surveyed), []);
  expect(await table.listFindings(10)).toEqual(findings);
  await replacing;
  expect(await table.listFindings(10)).toEqual([]);
});

test('gives the same rows when it is slowed', async () => {
  const slowdowns = new Slowdowns();
  const table = await openTable(slowdowns);
  const before = await table.factsByName('boat');
  slowdowns.set('table', 50);
  expect(await table.factsByName('boat')).toEqual(before);
});
