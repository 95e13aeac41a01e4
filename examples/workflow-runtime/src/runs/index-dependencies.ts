// The workflow of this runtime: package-lock.json, the dependency graph, the table, the READMEs as vectors.
import { join } from 'node:path';
import type { AnswerMemory } from '../ask/answer-memory.ts';
import type { Quotes } from '../ask/quotes.ts';
import { buildGraph, type DependencyGraph, type GraphSummary, summariseGraph } from '../dependencies/graph.ts';
import { type LockedPackage, type Lockfile, readLockfile, selectPackages } from '../dependencies/lockfile.ts';
import type { PackageTree } from '../dependencies/package-tree.ts';
import type { DependencyTable } from '../table/dependency-table.ts';
import type { Finding } from '../table/schema.ts';
import type { ReadmeVectors } from '../vectors/readme-vectors.ts';
import { nodesOver } from '../workflow/define.ts';
import { compileWorkflow, type RunWorkflow } from '../workflow/run.ts';
import { embedReadmes, type Readmes, readReadmes, type Survey, surveyPackages } from './survey.ts';

/** The values that pass between the nodes. */
export interface IndexValues {
  /** Which package to index with everything it needs; undefined is the whole tree. */
  packageName: string | undefined;
  lockfile: Lockfile;
  selection: readonly LockedPackage[];
  survey: Survey;
  graph: DependencyGraph;
  readmes: Readmes;
  findings: readonly Finding[];
  vectorCount: number;
  summary: IndexSummary;
}

export interface IndexSummary extends GraphSummary {
  readonly installed: number;
  readonly findings: number;
  /** READMEs that can be searched now, of this run and earlier ones. */
  readonly vectors: number;
}

export interface IndexParts {
  /** Folder of the project whose lockfile is read. */
  readonly projectRoot: string;
  readonly tree: PackageTree;
  readonly table: DependencyTable;
  readonly vectors: ReadmeVectors;
  readonly memory: AnswerMemory;
  readonly quotes: Quotes;
}

/** Builds the workflow over the parts it fills. Runs may overlap: each fills the table in a transaction of its own. */
export function indexDependencies(parts: IndexParts): RunWorkflow<IndexValues, 'packageName'> {
  const { projectRoot, tree, table, vectors, memory, quotes } = parts;
  const node = nodesOver<IndexValues>();
  return compileWorkflow<IndexValues, 'packageName'>(
    'index-dependencies',
    ['packageName'],
    [
      node('read-lockfile', {
        reads: [],
        writes: 'lockfile',
        run: () => readLockfile(join(projectRoot, 'package-lock.json')),
      }),
      node('select-packages', {
        reads: ['lockfile', 'packageName'],
        writes: 'selection',
        run: ({ lockfile, packageName }) => selectPackages(lockfile, packageName),
      }),
      node('survey-packages', {
        reads: ['selection'],
        writes: 'survey',
        run: ({ selection }) => surveyPackages(tree, selection),
      }),
      node('build-graph', {
        reads: ['lockfile', 'survey'],
        writes: 'graph',
        run: ({ lockfile, survey }) => buildGraph(lockfile, survey.packages),
      }),
      node('read-readmes', {
        reads: ['survey'],
        writes: 'readmes',
        run: ({ survey }) => readReadmes(tree, survey.packages),
      }),
      node('fill-table', {
        reads: ['survey', 'graph', 'readmes'],
        writes: 'findings',
        run: async ({ survey, graph, readmes }) => {
          const findings = [...survey.findings, ...readmes.findings];
          await table.replace(survey.packages, graph, findings);
          return findings;
        },
      }),
      node('embed-readmes', {
        reads: ['survey', 'readmes'],
        writes: 'vectorCount',
        run: ({ survey, readmes }) => embedReadmes(vectors, survey.packages, readmes),
      }),
      node('publish-index', {
        reads: ['survey', 'graph', 'findings', 'vectorCount'],
        writes: 'summary',
        run: ({ survey, graph, findings, vectorCount }) => {
          // Earlier answers and quotes may be wrong now.
          memory.clear();
          quotes.forget();
          const installed = survey.packages.filter((surveyed) => surveyed.installed).length;
          return { ...summariseGraph(graph), installed, findings: findings.length, vectors: vectorCount };
        },
      }),
    ],
  );
}
