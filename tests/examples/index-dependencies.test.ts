import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { SpanStatusCode } from '@opentelemetry/api';
import { expect, test } from 'vitest';
import { openParts } from './parts.ts';
import { writeOddProject, writeProject } from './project.ts';
import { recordSpans } from './recorded-spans.ts';

const spans = recordSpans();

test('indexes a project and turns its faults into findings', async () => {
  const { workflow, table } = openParts(writeOddProject());
  const { summary } = await workflow({ packageName: undefined });
  expect(summary).toEqual({
    packages: 6,
    exports: 3,
    files: 3,
    edges: 8,
    cycles: 0,
    installed: 5,
    findings: 4,
    vectors: 4,
  });
  expect((await table.listFindings(10)).map(({ path, code }) => [path, code])).toEqual([
    ['node_modules/anchor', 'README_MISSING'],
    ['node_modules/keel-darwin', 'ENOENT'],
    ['node_modules/rope', 'MANIFEST_INVALID'],
    ['node_modules/sail', 'EXPORT_MISSING'],
  ]);
});

test('fails the operation that met the fault, not the nodes nor the workflow', async () => {
  await openParts(writeOddProject()).workflow({ packageName: undefined });
  const failed = spans.all().filter((span) => span.status.code === SpanStatusCode.ERROR);
  expect(failed.map(({ name }) => name).toSorted()).toEqual([
    'exports.check',
    'manifest.read',
    'manifest.read',
    'readme.read',
  ]);
});

test('indexes one package with what it pulls in, beside what was there', async () => {
  const { workflow, table } = openParts(writeOddProject());
  const { summary } = await workflow({ packageName: 'boat' });
  expect(summary).toMatchObject({ packages: 3, installed: 2, vectors: 2 });
  await workflow({ packageName: 'sail' });
  expect((await table.listPackages('', 10)).map(({ name }) => name)).toEqual(['boat', 'keel', 'keel-darwin', 'sail']);
});

test('answers from the READMEs and the table, and from memory the second time', async () => {
  const { workflow, questions } = openParts(writeOddProject());
  await expect(questions.answer('wind')).rejects.toThrow(expect.objectContaining({ code: 'INDEX_EMPTY' }));
  await workflow({ packageName: undefined });
  const answer = await questions.answer('what keeps a boat upright?');
  expect(answer.nearest[0]).toMatchObject({ name: 'keel', dependents: 1 });
  expect(await questions.answer('WHAT keeps a boat upright?')).toBe(answer);
  expect(spans.named('retrieval readmes')).toHaveLength(1);
});

test('forgets earlier answers when the index changes', async () => {
  const { workflow, questions } = openParts(writeOddProject());
  await workflow({ packageName: 'boat' });
  expect((await questions.answer('catches wind')).nearest.map(({ name }) => name)).toEqual(['keel']);
  await workflow({ packageName: undefined });
  expect((await questions.answer('catches wind')).nearest[0].name).toBe('sail');
});

test('runs two at a time, refuses too many, and shows how each ended', async () => {
  const { runs } = openParts(writeOddProject());
  const started = ['boat', 'absent', undefined, undefined, undefined, 'sail'].map((name) => runs.start(name));
  expect(started.map(({ state }) => state)).toEqual(['running', 'running', 'waiting', 'waiting', 'waiting', 'waiting']);
  expect(() => runs.start(undefined)).toThrow(expect.objectContaining({ code: 'RUNS_FULL' }));
  await runs.settled();
  expect(started.map(({ state }) => state)).toEqual(['done', 'failed', 'done', 'done', 'done', 'done']);
  expect(runs.get(started[1].id)).toMatchObject({
    error: expect.stringContaining('absent'),
    nodes: { 'read-lockfile': 'done', 'select-packages': 'failed', 'publish-index': 'skipped' },
  });
  expect(() => runs.get('99')).toThrow(expect.objectContaining({ code: 'RUN_UNKNOWN' }));
});

test('fails a run when the lockfile is missing', async () => {
  const { runs } = openParts(writeProject({}) + '/nowhere');
  const run = runs.start(undefined);
  await runs.settled();
  expect(run).toMatchObject({ state: 'failed', error: expect.stringContaining('ENOENT') });
});

test('indexes the dependency tree of this repository, with the faults that are really in it', async () => {
  const root = fileURLToPath(new URL('../../', import.meta.url));
  const { workflow, table, questions } = openParts(root);
  const { summary } = await workflow({ packageName: undefined });

  const locked = Object.entries<{ link?: boolean }>(
    JSON.parse(readFileSync(`${root}package-lock.json`, 'utf8')).packages,
  );
  expect(summary.packages).toBe(locked.filter(([path, entry]) => path !== '' && !entry.link).length);
  expect(summary.vectors).toBeGreaterThan(200);
  expect(summary.files).toBeGreaterThan(300);
  // Native parts for other platforms are locked but not installed.
  expect(summary.installed).toBeLessThan(summary.packages);
  // If one of these goes missing after an update, the example shows less than its README says.
  const codes = new Set((await table.listFindings(500)).map(({ code }) => code));
  expect(codes).toEqual(new Set(['ENOENT', 'EXPORT_MISSING', 'MANIFEST_INVALID', 'README_MISSING']));

  const firstFor = async (question: string) => (await questions.answer(question)).nearest.map(({ name }) => name);
  expect(await firstFor('least recently used cache with ttl')).toContain('lru-cache');
  expect(await firstFor('parse yaml documents')).toContain('yaml');
  expect(await firstFor('property based testing')).toContain('fast-check');
});
