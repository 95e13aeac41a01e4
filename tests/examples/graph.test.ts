import { expect, test } from 'vitest';
import {
  buildGraph,
  listDependencies,
  summariseGraph,
  type SurveyedPackage,
} from '../../examples/workflow-runtime/src/dependencies/graph.ts';
import { parseLockfile } from '../../examples/workflow-runtime/src/dependencies/lockfile.ts';
import { lockfileText } from './project.ts';

function survey(
  packages: Record<string, Record<string, unknown>>,
  found: Record<string, Partial<SurveyedPackage>> = {},
) {
  const lockfile = parseLockfile(lockfileText(packages));
  const surveyed = [...lockfile.packages.values()].map((locked): SurveyedPackage => {
    const { entryPoints = [], missingFiles = [] } = found[locked.path] ?? {};
    return { locked, installed: true, license: undefined, description: undefined, entryPoints, missingFiles };
  });
  return { lockfile, surveyed };
}

test('joins packages, what they export and the files behind that', () => {
  const { lockfile, surveyed } = survey(
    { 'node_modules/a': { dependencies: { b: '1' } }, 'node_modules/b': {} },
    {
      'node_modules/b': {
        entryPoints: [
          { subpath: '.', condition: 'import', file: './b.js' },
          { subpath: '.', condition: 'require', file: './b.js' },
          { subpath: './gone', condition: 'default', file: './gone.js' },
        ],
        missingFiles: ['./gone.js'],
      },
    },
  );
  const graph = buildGraph(lockfile, surveyed);
  expect(listDependencies(graph)).toEqual([{ from: 'node_modules/a', to: 'node_modules/b' }]);
  // Edges: one dependency, two exports, three conditions.
  expect(summariseGraph(graph)).toEqual({ packages: 2, exports: 2, files: 2, edges: 6, cycles: 0 });
  expect(graph.node('file:node_modules/b#./gone.js')).toMatchObject({ found: false });
  expect(graph.node('file:node_modules/b#./b.js')).toMatchObject({ found: true });
});

test('leaves out dependencies that are not part of the selection', () => {
  const { lockfile, surveyed } = survey({
    'node_modules/a': { dependencies: { b: '1' }, peerDependencies: { absent: '1' } },
    'node_modules/b': {},
  });
  const graph = buildGraph(lockfile, surveyed.slice(0, 1));
  expect(summariseGraph(graph)).toMatchObject({ packages: 1, edges: 0 });
});

test('counts groups of packages that need each other', () => {
  const { lockfile, surveyed } = survey({
    'node_modules/a': { dependencies: { b: '1' } },
    'node_modules/b': { peerDependencies: { a: '1' } },
    'node_modules/c': { dependencies: { a: '1' } },
  });
  expect(summariseGraph(buildGraph(lockfile, surveyed)).cycles).toBe(1);
});
