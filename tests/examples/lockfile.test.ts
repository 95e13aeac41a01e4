import { expect, test } from 'vitest';
import {
  MAX_LOCKFILE_PACKAGES,
  parseLockfile,
  resolveDependency,
  selectPackages,
} from '../../examples/workflow-runtime/src/dependencies/lockfile.ts';
import { lockfileText } from './project.ts';

const lockfile = parseLockfile(
  lockfileText({
    'packages/app': { name: '@own/app', version: '2.0.0', dependencies: { a: '1' } },
    'node_modules/@own/app': { link: true, resolved: 'packages/app' },
    'node_modules/a': { version: '1.0.0', dependencies: { b: '1' }, optionalDependencies: { 'a-linux': '1' } },
    'node_modules/a-linux': { version: '1.0.0', optional: true },
    'node_modules/a/node_modules/b': { version: '1.5.0', peerDependencies: { a: '1', absent: '*' } },
    'node_modules/b': { version: '2.0.0', dev: true },
    'node_modules/@scope/c': { version: '3.0.0', dependencies: { '@own/app': '2', b: '2' } },
  }),
);

test('takes names from paths, scopes included, unless the entry has its own', () => {
  const names = [...lockfile.packages.values()].map(({ path, name }) => [path, name]);
  expect(Object.fromEntries(names)).toEqual({
    'packages/app': '@own/app',
    'node_modules/a': 'a',
    'node_modules/a-linux': 'a-linux',
    'node_modules/a/node_modules/b': 'b',
    'node_modules/b': 'b',
    'node_modules/@scope/c': '@scope/c',
  });
});

const checkResolved = (from: string, name: string, expected: string | undefined) =>
  expect(resolveDependency(lockfile, from, name), `${name} from ${from}`).toBe(expected);

test('resolves a dependency from the inside out, through workspace links', () => {
  checkResolved('node_modules/a', 'b', 'node_modules/a/node_modules/b');
  checkResolved('node_modules/@scope/c', 'b', 'node_modules/b');
  checkResolved('node_modules/a/node_modules/b', 'a', 'node_modules/a');
  checkResolved('packages/app', 'a', 'node_modules/a');
  checkResolved('node_modules/@scope/c', '@own/app', 'packages/app');
  checkResolved('node_modules/a/node_modules/b', 'absent', undefined);
  checkResolved('', 'a', 'node_modules/a');
});

test('selects a package with all it pulls in, circles included, and nothing else', () => {
  const check = (name: string | undefined, expected: string[]) =>
    expect(selectPackages(lockfile, name).map(({ path }) => path)).toEqual(expected);
  check('a', ['node_modules/a', 'node_modules/a-linux', 'node_modules/a/node_modules/b']);
  check('a-linux', ['node_modules/a-linux']);
  check(undefined, [...lockfile.packages.keys()]);
});

test('selects every package of a name', () => {
  const paths = selectPackages(lockfile, 'b').map(({ path }) => path);
  expect(paths).toContain('node_modules/a/node_modules/b');
  expect(paths).toContain('node_modules/b');
});

test('refuses a package that the lockfile does not hold', () => {
  expect(() => selectPackages(lockfile, 'zzz')).toThrow(expect.objectContaining({ code: 'PACKAGE_UNKNOWN' }));
});

const checkRefused = (text: string, message: RegExp) =>
  expect(() => parseLockfile(text)).toThrow(
    expect.objectContaining({ code: 'LOCKFILE_INVALID', message: expect.stringMatching(message) }),
  );

test('refuses what is no lockfile, saying why', () => {
  checkRefused('{', /not JSON/);
  checkRefused('{}', /lockfileVersion/);
  checkRefused('{"lockfileVersion":1,"dependencies":{}}', /lockfileVersion/);
  checkRefused(lockfileText({ 'node_modules/a': { version: 7 } }), /version/);
  const many = Array.from({ length: MAX_LOCKFILE_PACKAGES + 1 }, (_, at) => [`node_modules/p${at}`, {}]);
  checkRefused(lockfileText(Object.fromEntries(many)), /at most 5000/);
});
