// One class file by each compiler, under standard and legacy rules, type-checked where the compiler checks, and run by Node
// against the built package. swc and tsx are tried by the projects, which install them.
import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { transform } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BOTH, BOTH_WITH_TYPES, STANDARD } from '../support/decorator-samples.ts';

const exec = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SAMPLES = join(ROOT, 'tests/fixtures/decorators');
/** Inside of the workspace, so that what is compiled finds its packages. */
const OUT = join(ROOT, `node_modules/.cache/compilers-${process.pid}`);

beforeAll(async () => {
  await mkdir(OUT, { recursive: true });
  await writeFile(join(OUT, 'package.json'), '{ "type": "module" }');
});

afterAll(async () => {
  await rm(OUT, { recursive: true, force: true });
});

async function printed(file: string): Promise<unknown> {
  const { stdout } = await exec(process.execPath, [file]);
  return JSON.parse(stdout);
}

async function byTsc(sample: string, flags: readonly string[]): Promise<unknown> {
  const folder = join(OUT, ['tsc', sample, ...flags].join(''));
  const common = ['--module', 'nodenext', '--target', 'es2022', '--strict', '--types', 'node', '--outDir', folder];
  const where = ['--ignoreConfig', '--rootDir', SAMPLES, '--typeRoots', join(ROOT, 'node_modules/@types')];
  const args = [join(SAMPLES, `${sample}.ts`), ...common, ...where, ...flags];
  await exec(join(ROOT, 'node_modules/.bin/tsc'), args).catch((error: { stdout: string }) => {
    throw new Error(error.stdout);
  });
  return printed(join(folder, `${sample}.js`));
}

async function byEsbuild(sample: string, isLegacy: boolean): Promise<unknown> {
  const { code } = await transform(await readFile(join(SAMPLES, `${sample}.ts`), 'utf8'), {
    loader: 'ts',
    target: 'node24',
    tsconfigRaw: { compilerOptions: { experimentalDecorators: isLegacy } },
  });
  const file = join(OUT, `esbuild-${sample}-${isLegacy}.js`);
  await writeFile(file, code);
  return printed(file);
}

describe('decorators compiled by tsc', () => {
  it('measure under standard rules', async () => {
    expect(await byTsc('both', [])).toEqual(BOTH);
    expect(await byTsc('standard', [])).toEqual(STANDARD);
  });

  it('measure under legacy rules, and leave the types that are emitted', async () => {
    expect(await byTsc('both', ['--experimentalDecorators', '--emitDecoratorMetadata'])).toEqual(BOTH_WITH_TYPES);
  });
});

describe('decorators compiled by esbuild', () => {
  it('measure under standard rules', async () => {
    expect(await byEsbuild('both', false)).toEqual(BOTH);
    expect(await byEsbuild('standard', false)).toEqual(STANDARD);
  });

  it('measure under legacy rules', async () => {
    expect(await byEsbuild('both', true)).toEqual(BOTH);
  });
});
