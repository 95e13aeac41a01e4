// The packages as users get them: packed, installed into an empty project outside the workspace, imported and
// required, compiled against, and observed by the packed sidecar.
import { execFile } from 'node:child_process';
import { access, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSidecar } from '../support/sidecar.ts';

const exec = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const QUICKSTART = join(ROOT, 'examples/quickstart');
const TOOLS = join(ROOT, 'node_modules/.bin');
const NPM_QUIET = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];

/** What the program prints about itself, whatever becomes of its telemetry. */
const PRINTED = /^([\da-f]{32}\n){5}refused: a card number has 16 digits\n$/;

let folder: string;
let tarballs: Record<'@evenkeel/sdk' | '@evenkeel/collector', string>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evenkeel-packed-'));
  tarballs = { '@evenkeel/sdk': await pack('sdk'), '@evenkeel/collector': await pack('collector') };
  await project('esm', { type: 'module' });
  await project('cjs', { type: 'commonjs' });
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const unpackedBytes = new Map<string, number>();

async function pack(workspace: string): Promise<string> {
  const { stdout } = await exec('npm', ['pack', '--pack-destination', folder, '--json', '--loglevel=error'], {
    cwd: join(ROOT, workspace),
  });
  const [{ filename, unpackedSize }] = JSON.parse(stdout) as [{ filename: string; unpackedSize: number }];
  unpackedBytes.set(workspace, unpackedSize);
  return join(folder, filename.replace('@', '').replace('/', '-'));
}

/** Makes an empty project beside the tarballs and installs them. */
async function project(name: string, manifest: Record<string, unknown>, api = '1.10.0'): Promise<string> {
  const cwd = join(folder, name);
  await mkdir(cwd);
  const packed = Object.entries(tarballs).map(([dependency, file]) => [dependency, `file:${file}`]);
  const dependencies = Object.fromEntries([...packed, ['@opentelemetry/api', api]]) as Record<string, string>;
  const json = { name, private: true, ...manifest, dependencies };
  await writeFile(join(cwd, 'package.json'), JSON.stringify(json));
  await exec('npm', ['install', ...NPM_QUIET], { cwd });
  return cwd;
}

/** Runs a program in a project, with nothing in its environment but what is given. */
async function run(name: string, file: string, environment: Record<string, string> = {}) {
  return exec(process.execPath, [file], { cwd: join(folder, name), env: environment });
}

async function tsc(name: string, file: string, args: readonly string[]): Promise<void> {
  const flags = ['--module', 'nodenext', '--target', 'es2022', '--strict', '--outDir', 'out', ...args];
  await exec(join(TOOLS, 'tsc'), [file, ...flags], { cwd: join(folder, name) }).catch((error: { stdout: string }) => {
    throw new Error(error.stdout);
  });
}

describe('the packed SDK', () => {
  it('is smaller than a megabyte', () => {
    expect(unpackedBytes.get('sdk')).toBeLessThan(1_000_000);
  });

  it('runs the quickstart as an ES module', async () => {
    await cp(join(QUICKSTART, 'main.js'), join(folder, 'esm/main.js'));
    expect((await run('esm', 'main.js', { OTEL_SDK_DISABLED: 'true' })).stdout).toMatch(PRINTED);
  });

  it('runs as CommonJS, and shares one telemetry with the ES module', async () => {
    await writeFile(
      join(folder, 'cjs/main.js'),
      `const { measurePerformance, startTelemetry } = require('@evenkeel/sdk');
      const add = measurePerformance('add', (a, b) => a + b);
      (async () => {
        const options = { serviceName: 'cjs', endpoint: 'http://127.0.0.1:9' };
        const [one, two] = [await startTelemetry(options), await (await import('@evenkeel/sdk')).startTelemetry(options)];
        console.log(add(1, 2), one === two);
        await one.shutdown();
      })();`,
    );
    const { stdout, stderr } = await run('cjs', 'main.js');
    expect(stdout).toBe('3 true\n');
    expect(stderr).toContain('[ALREADY_STARTED]');
    expect(stderr).toContain('[EXPORT_FAILED]');
  });

  it.each([
    ['esm', []],
    ['esm', ['--experimentalDecorators']],
    ['cjs', []],
    ['cjs', ['--experimentalDecorators', '--emitDecoratorMetadata']],
    ['cjs', ['--module', 'commonjs', '--moduleResolution', 'bundler', '--experimentalDecorators']],
  ])('has types that resolve: %s %j', async (name, args) => {
    await cp(join(QUICKSTART, 'orders.ts'), join(folder, name, 'orders.ts'));
    await tsc(name, 'orders.ts', args);
    expect((await run(name, 'out/orders.js', { OTEL_SDK_DISABLED: 'true' })).stdout).toBe('tea, cup\n');
  });

  it('compiles the programs of its README that need nothing else', async () => {
    const readme = await readFile(join(folder, 'esm/node_modules/@evenkeel/sdk/README.md'), 'utf8');
    const programs = [...readme.matchAll(/```ts\n(.+?)```/gs)].map(([, program]) => program ?? '');
    const alone = programs.filter((program) => !program.includes('@nestjs'));
    expect(alone).toHaveLength(2);
    await writeFile(join(folder, 'esm/readme.ts'), alone[0] ?? '');
    await writeFile(join(folder, 'esm/readme-attributes.ts'), alone[1] ?? '');
    for (const file of ['readme.ts', 'readme-attributes.ts'])
      await tsc('esm', file, ['--types', 'node', '--typeRoots', join(ROOT, 'node_modules/@types')]);
  });

  it('leaves a program alone whose OpenTelemetry API is older, and says so', async () => {
    const cwd = await project('old', { type: 'module' }, '1.9.0');
    await cp(join(QUICKSTART, 'main.js'), join(cwd, 'main.js'));
    const { stdout, stderr } = await run('old', 'main.js');
    expect(stdout).toMatch(PRINTED);
    expect(stderr).toMatch(/^evenkeel: .+ \[START_FAILED\] .+1\.10.*\n$/);
  });

  it('is clean for publint and attw', async () => {
    // `register` is for `node --import` alone: it has to wait, which a module that is required cannot.
    await expectClean('@evenkeel/sdk', ['--exclude-entrypoints', './register']);
  });
});

describe('the packed sidecar', () => {
  it('is clean for publint and attw, as ES modules alone', async () => {
    await expectClean('@evenkeel/collector', ['--profile', 'esm-only']);
  });

  it('has the files that its manual names', async () => {
    const files = ['alerts.yml', 'collector.schema.json', 'collector.yaml', 'presets/targets.yaml'];
    for (const file of files) {
      const packed = await readFile(join(folder, 'esm/node_modules/@evenkeel/collector/otel-config', file), 'utf8');
      expect(packed).toBe(await readFile(join(ROOT, 'otel-config', file), 'utf8'));
    }
    // What packing copied is gone again.
    await expect(access(join(ROOT, 'collector/otel-config'))).rejects.toThrow('ENOENT');
  });

  it('lists the operations of the quickstart with targets to begin with', async () => {
    const entry = join(folder, 'esm/node_modules/.bin/evenkeel');
    // As a command, which the rest does not start it as.
    expect((await exec(entry, ['--version'])).stdout).toContain('0.1.0');
    const { urls, stop } = await startSidecar({ entry, args: ['--config', 'preset:targets'] });
    const ask = async (path: string): Promise<string> => (await fetch(new URL(path, urls.page))).text();
    expect(JSON.parse(await ask('/api/targets')).targets).toHaveLength(16);

    const { stderr } = await run('esm', 'main.js', { OTEL_EXPORTER_OTLP_ENDPOINT: urls.otlpHttp });
    expect(stderr).toBe('');
    await until(async () => {
      const text = await ask('/api/operations');
      return text.includes('orders.create') && text.includes('card.check');
    });

    expect(await stop()).toEqual({ code: 0, signal: null });
  });
});

async function expectClean(name: keyof typeof tarballs, attwFlags: readonly string[]): Promise<void> {
  const publint = await exec(join(TOOLS, 'publint'), ['run', tarballs[name], '--strict']);
  expect(publint.stdout).toContain('All good!');
  // It ends with 1 when it finds a problem, which rejects here.
  await exec(join(TOOLS, 'attw'), [tarballs[name], ...attwFlags]);
}

/** Asks until it is so; the time limit is that of the test. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await pause(100);
}
