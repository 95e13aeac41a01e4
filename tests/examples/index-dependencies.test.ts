import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { SpanStatusCode } from '@opentelemetry/api';
import { expect, onTestFinished, test } from 'vitest';
import { AnswerMemory } from '../../examples/workflow-runtime/src/ask/answer-memory.ts';
import { Questions } from '../../examples/workflow-runtime/src/ask/questions.ts';
import { PackageTree } from '../../examples/workflow-runtime/src/dependencies/package-tree.ts';
import { Slowdowns } from '../../examples/workflow-runtime/src/faults/slowdowns.ts';
import { indexDependencies } from '../../examples/workflow-runtime/src/runs/index-dependencies.ts';
import { Runs } from '../../examples/workflow-runtime/src/runs/runs.ts';
import { DependencyTable } from '../../examples/workflow-runtime/src/table/dependency-table.ts';
import { ReadmeVectors } from '../../examples/workflow-runtime/src/vectors/readme-vectors.ts';
import { writeOddProject, writeProject } from './project.ts';
import { recordSpans } from './recorded-spans.ts';

const spans = recordSpans();

function openProject(projectRoot: string) {
  const slowdowns = new Slowdowns();
  const tree = new PackageTree(projectRoot, slowdowns);
  const table = new DependencyTable(slowdowns);
  const vectors = new ReadmeVectors(slowdowns);
  const memory = new AnswerMemory();
  onTestFinished(() => table.close());
  const workflow = indexDependencies({ projectRoot, tree, table, vectors, memory });
  return {
    table,
    vectors,
    memory,
    workflow,
    questions: new Questions({ table, vectors, memory }),
    runs: new Runs(workflow),
  };
}

test('indexes a project and turns its faults into findings', async () => {
  const { workflow, table } = openProject(writeOddProject());
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
  expect(table.listFindings(10).map(({ path, code }) => [path, code])).toEqual([
    ['node_modules/anchor', 'README_MISSING'],
    ['node_modules/keel-darwin', 'ENOENT'],
    ['node_modules/rope', 'MANIFEST_INVALID'],
    ['node_modules/sail', 'EXPORT_MISSING'],
  ]);
});

test('fails the operation that met the fault, not the nodes nor the workflow', async () => {
  await openProject(writeOddProject()).workflow({ packageName: undefined });
  const failed = spans.all().filter((span) => span.status.code === SpanStatusCode.ERROR);
  expect(failed.map(({ name }) => name).toSorted()).toEqual([
    'exports.check',
    'manifest.read',
    'manifest.read',
    'readme.read',
  ]);
});

test('indexes one package with what it pulls in, beside what was there', async () => {
  const { workflow, table } = openProject(writeOddProject());
  const { summary } = await workflow({ packageName: 'boat' });
  expect(summary).toMatchObject({ packages: 3, installed: 2, vectors: 2 });
  await workflow({ packageName: 'sail' });
  expect(table.listPackages('', 10).map(({ name }) => name)).toEqual(['boat', 'keel', 'keel-darwin', 'sail']);
});

test('answers from the READMEs and the table, and from memory the second time', async () => {
  const { workflow, questions } = openProject(writeOddProject());
  expect(() => questions.answer('wind')).toThrow(expect.objectContaining({ code: 'INDEX_EMPTY' }));
  await workflow({ packageName: undefined });
  const answer = questions.answer('what keeps a boat upright?');
  expect(answer.nearest[0]).toMatchObject({ name: 'keel', dependents: 1 });
  expect(questions.answer('WHAT keeps a boat upright?')).toBe(answer);
  expect(spans.named('vectors.nearest')).toHaveLength(1);
});

test('forgets earlier answers when the index changes', async () => {
  const { workflow, questions } = openProject(writeOddProject());
  await workflow({ packageName: 'boat' });
  expect(questions.answer('catches wind').nearest.map(({ name }) => name)).toEqual(['keel']);
  await workflow({ packageName: undefined });
  expect(questions.answer('catches wind').nearest[0].name).toBe('sail');
});

test('runs one after the other, refuses too many, and shows how each ended', async () => {
  const { runs } = openProject(writeOddProject());
  const started = ['boat', 'absent', undefined, undefined, undefined].map((name) => runs.start(name));
  expect(() => runs.start(undefined)).toThrow(expect.objectContaining({ code: 'RUNS_FULL' }));
  await runs.settled();
  expect(started.map(({ state }) => state)).toEqual(['done', 'failed', 'done', 'done', 'done']);
  expect(runs.get(started[1].id)).toMatchObject({
    error: expect.stringContaining('absent'),
    nodes: { 'read-lockfile': 'done', 'select-packages': 'failed', 'publish-index': 'skipped' },
  });
  expect(() => runs.get('99')).toThrow(expect.objectContaining({ code: 'RUN_UNKNOWN' }));
});

test('fails a run when the lockfile is missing', async () => {
  const { runs } = openProject(writeProject({}) + '/nowhere');
  const run = runs.start(undefined);
  await runs.settled();
  expect(run).toMatchObject({ state: 'failed', error: expect.stringContaining('ENOENT') });
});

test('indexes the dependency tree of this repository, with the faults that are really in it', async () => {
  const root = fileURLToPath(new URL('../../', import.meta.url));
  const { workflow, table, questions } = openProject(root);
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
  const codes = new Set(table.listFindings(500).map(({ code }) => code));
  expect(codes).toEqual(new Set(['ENOENT', 'EXPORT_MISSING', 'MANIFEST_INVALID', 'README_MISSING']));

  const firstFor = (question: string) => questions.answer(question).nearest.map(({ name }) => name);
  expect(firstFor('least recently used cache with ttl')).toContain('lru-cache');
  expect(firstFor('parse yaml documents')).toContain('yaml');
  expect(firstFor('property based testing')).toContain('fast-check');
});
