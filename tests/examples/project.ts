// A small project on disk, as npm would leave it: a lockfile, installed packages, and the odd fault.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

export interface FixturePackage {
  /** What the lockfile says of it. */
  readonly locked?: Record<string, unknown>;
  /** Files of the installed package; without any it is not installed. */
  readonly files?: Record<string, unknown>;
}

/** The text of a lockfile with these packages by path. */
export function lockfileText(packages: Record<string, unknown>): string {
  return JSON.stringify({ name: 'project', lockfileVersion: 3, packages: { '': { name: 'project' }, ...packages } });
}

/** Writes a project into a temporary folder, which goes when the test ends, and returns the folder. */
export function writeProject(packages: Record<string, FixturePackage>): string {
  const root = mkdtempSync(join(tmpdir(), 'evenkeel-project-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const locked = Object.entries(packages).map(([path, one]) => [path, { version: '1.0.0', ...one.locked }]);
  writeFileSync(join(root, 'package-lock.json'), lockfileText(Object.fromEntries(locked)));
  for (const [path, { files = {} }] of Object.entries(packages)) {
    for (const [name, content] of Object.entries(files)) {
      const file = join(root, path, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
    }
  }
  return root;
}

/** A project with a bit of everything: two sound packages, one of them pulling in the other, and four faulty ones. */
export function writeOddProject(): string {
  return writeProject({
    'node_modules/boat': {
      locked: { dependencies: { keel: '^1.0.0', 'keel-darwin': '^1.0.0' } },
      files: {
        'package.json': { name: 'boat', version: '1.0.0', license: 'MIT', exports: { '.': { import: './boat.js' } } },
        'boat.js': '',
        'README.md': '# Boat\nA boat floats on water and carries sailors across the sea.',
      },
    },
    'node_modules/keel': {
      files: {
        'package.json': { name: 'keel', version: '1.0.0', main: 'keel.js' },
        'keel.js': '',
        'readme.markdown': '# Keel\nThe keel keeps a boat upright and steady in heavy wind.',
      },
    },
    'node_modules/keel-darwin': { locked: { optional: true } },
    'node_modules/rope': {
      files: {
        'package.json': { name: 'rope', version: '1.0.0', keywords: 'rope, knot' },
        'README.md': '# Rope\nTie knots with rope.',
      },
    },
    'node_modules/sail': {
      files: {
        'package.json': { name: 'sail', version: '1.0.0', exports: './gone.js' },
        Readme: 'A sail catches wind.',
      },
    },
    'node_modules/anchor': { files: { 'package.json': { name: 'anchor', version: '1.0.0' } } },
  });
}
