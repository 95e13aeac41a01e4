import { expect, test } from 'vitest';
import { listEntryPoints } from '../../examples/workflow-runtime/src/dependencies/exports.ts';

const check = (manifest: { exports?: unknown; main?: string }, expected: string[]) =>
  expect(listEntryPoints(manifest).map(({ subpath, condition, file }) => `${subpath} ${condition} ${file}`)).toEqual(
    expected,
  );

test('lists the main field when there are no exports', () => {
  check({ main: 'lib/index.js' }, ['. main ./lib/index.js']);
  check({ main: './index' }, ['. main ./index']);
  check({ main: '' }, []);
  check({}, []);
});

test('lists exports in every form that Node takes', () => {
  check({ exports: './a.js', main: 'ignored.js' }, ['. default ./a.js']);
  check({ exports: { import: './a.mjs', require: './a.cjs' } }, ['. import ./a.mjs', '. require ./a.cjs']);
  check({ exports: { '.': { import: { types: './a.d.ts', default: './a.js' } }, './b': './b.js' } }, [
    '. import.types ./a.d.ts',
    '. import.default ./a.js',
    './b default ./b.js',
  ]);
  check({ exports: ['./a.js', './b.js'] }, ['. any ./a.js', '. any ./b.js']);
});

test('leaves out patterns, blocked subpaths and targets that are no relative path', () => {
  check({ exports: { './f/*': './f/*.js', './internal/*': null, './x': 'other-package', './ok': './ok.js' } }, [
    './ok default ./ok.js',
  ]);
});

test('stops at a depth that no real manifest has', () => {
  let target: unknown = './deep.js';
  for (let depth = 0; depth < 50; depth++) target = { node: target };
  check({ exports: { '.': target } }, []);
});
