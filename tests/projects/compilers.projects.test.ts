// The sample classes by swc and tsx, which are installed for it alone: under standard and legacy rules.
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, it } from 'vitest';
import { BOTH, BOTH_WITH_TYPES, STANDARD } from '../support/decorator-samples.ts';
import { describeProjects, makeProject, ROOT } from '../support/fresh-projects.ts';

const exec = promisify(execFile);
const PACKAGES = {
  '@opentelemetry/context-async-hooks': '3.1.0',
  '@opentelemetry/sdk-trace': '3.1.0',
  '@swc/core': '1.16.22',
  tsx: '4.23.15',
};

/** Compiles a file with swc: node swc.mjs <file> <options of its transform>. */
const SWC = `import { readFileSync, writeFileSync } from 'node:fs';
import { transformSync } from '@swc/core';
const [, , file, transform] = process.argv;
const parser = { syntax: 'typescript', decorators: true };
const jsc = { parser, target: 'es2022', transform: JSON.parse(transform) };
const { code } = transformSync(readFileSync(file, 'utf8'), { jsc, swcrc: false });
writeFileSync(file.replace('.ts', '.swc.js'), code);
`;

describeProjects('decorators', () => {
  let cwd: string;

  beforeAll(async () => {
    const sample = (name: string): Promise<string> => readFile(join(ROOT, 'tests/fixtures/decorators', name), 'utf8');
    const files = { 'both.ts': await sample('both.ts'), 'standard.ts': await sample('standard.ts'), 'swc.mjs': SWC };
    cwd = await makeProject('compilers', PACKAGES, files, { type: 'module' });
  });

  async function printed(...args: readonly string[]): Promise<unknown> {
    const { stdout } = await exec(process.execPath, args, { cwd });
    return JSON.parse(stdout);
  }

  async function bySwc(sample: string, transform: object): Promise<unknown> {
    await exec(process.execPath, ['swc.mjs', `${sample}.ts`, JSON.stringify(transform)], { cwd });
    return printed(`${sample}.swc.js`);
  }

  async function byTsx(sample: string, experimentalDecorators: boolean): Promise<unknown> {
    await writeFile(join(cwd, 'tsconfig.json'), JSON.stringify({ compilerOptions: { experimentalDecorators } }));
    return printed('--import', 'tsx', `${sample}.ts`);
  }

  it.each(['2022-03', '2023-11'])('measure when swc compiles them by the rules of %s', async (decoratorVersion) => {
    expect(await bySwc('both', { decoratorVersion })).toEqual(BOTH);
    expect(await bySwc('standard', { decoratorVersion })).toEqual(STANDARD);
  });

  it('measure when swc compiles them by legacy rules, and leave the types that are emitted', async () => {
    expect(await bySwc('both', { legacyDecorator: true, decoratorMetadata: true })).toEqual(BOTH_WITH_TYPES);
  });

  it('measure under tsx, by both rules', async () => {
    expect(await byTsx('both', false)).toEqual(BOTH);
    expect(await byTsx('standard', false)).toEqual(STANDARD);
    expect(await byTsx('both', true)).toEqual(BOTH);
  });
});
