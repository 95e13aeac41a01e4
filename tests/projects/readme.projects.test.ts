// Fresh projects of each kind install the packed packages, run the programs of the SDK's README and are seen by the packed
// sidecar: spans, metrics, exemplars.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import {
  FreshProjects,
  freePort,
  isRegistryReachable,
  PackedSidecar,
  readmeFile,
  ROOT,
  until,
} from '../support/fresh-projects.ts';

const exec = promisify(execFile);
const isReachable = await isRegistryReachable();

const NEST = {
  '@nestjs/common': '12.5.1',
  '@nestjs/core': '12.5.1',
  '@nestjs/platform-express': '12.5.1',
  'reflect-metadata': '0.2.2',
  rxjs: '7.8.2',
};

describe.skipIf(!isReachable)(`fresh projects${isReachable ? '' : ' (the registry cannot be reached)'}`, () => {
  let projects: FreshProjects;
  let sidecar: PackedSidecar;
  let plain: string;

  beforeAll(async () => {
    projects = await FreshProjects.pack();
    plain = await projects.make(
      'plain',
      {},
      {
        'job.mjs': await readmeFile('job.mjs'),
        'job.cjs': await readmeFile('job.cjs'),
      },
    );
    sidecar = await PackedSidecar.start(plain, ['job', 'batch', 'web', 'nest']);
  });

  afterAll(async () => {
    await sidecar?.stop();
    await projects?.remove();
  });

  /** Spans of the operations have come, metrics count them, and exemplars lead from one to the other. */
  async function isSeen(service: string, calls: Readonly<Record<string, number>>): Promise<void> {
    const names = Object.keys(calls);
    await until(async () => {
      const seen = await sidecar.operations(service);
      return names.every((name) => seen.includes(name));
    });
    for (const [name, count] of Object.entries(calls)) {
      const ofOperation = (lines: readonly string[]): string[] =>
        lines.filter((line) => line.includes(`evenkeel_operation_name="${name}"`));
      await until(async () => {
        const durations = ofOperation(await sidecar.metric('evenkeel_operation_duration_seconds_count', service));
        const counted = ofOperation(await sidecar.metric('evenkeel_operation_calls_total', service));
        return [...durations, ...counted].filter((line) => line.includes(`} ${count}`)).length === 2;
      });
      // Shown when its trace is decided, some seconds later.
      await until(async () => {
        const buckets = ofOperation(await sidecar.metric('evenkeel_operation_duration_seconds_bucket', service));
        return buckets.some((line) => /# \{.*trace_id="[\da-f]{32}"/.test(line));
      });
    }
  }

  /** Runs a program to its end. */
  async function run(file: string): Promise<{ stdout: string; stderr: string }> {
    return exec(process.execPath, [join(plain, file)], { env: { OTEL_EXPORTER_OTLP_ENDPOINT: sidecar.endpoint } });
  }

  /** Runs a server, asks it three times, ends it, and says what it answered. */
  async function serve(cwd: string, file: string): Promise<unknown> {
    const port = await freePort();
    const server = spawn(process.execPath, [file], {
      cwd,
      env: { PORT: String(port), OTEL_EXPORTER_OTLP_ENDPOINT: sidecar.endpoint },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    onTestFinished(() => void server.kill('SIGKILL'));
    const ask = (): Promise<Response> => fetch(`http://127.0.0.1:${port}/orders/7`);
    await until(async () => (await ask().catch(() => undefined)) !== undefined);
    const answers = [await (await ask()).json(), await (await ask()).json()];
    server.kill('SIGTERM');
    expect(await once(server, 'exit')).toEqual([0, null]);
    return answers;
  }

  it('plain JavaScript as an ES module', async () => {
    expect(await run('job.mjs')).toEqual({ stdout: '27\n', stderr: '' });
    await isSeen('job', { 'job.price': 2 });
  });

  it('plain JavaScript as CommonJS', async () => {
    expect(await run('job.cjs')).toEqual({ stdout: '27\n', stderr: '' });
    await isSeen('batch', { 'batch.price': 2 });
  });

  it('Express', async () => {
    const cwd = await projects.make('express', { express: '5.3.0' }, { 'server.mjs': await readmeFile('server.mjs') });
    const order = { id: '7', total: 9 };
    expect(await serve(cwd, 'server.mjs')).toEqual([order, order]);
    await isSeen('web', { 'web.order': 3 });
  });

  it('Nest, with legacy decorators and emitted types', async () => {
    const cwd = await projects.make('nest', NEST, { 'main.ts': await readmeFile('main.ts') }, { type: 'module' });
    const flags = ['--module', 'nodenext', '--target', 'es2022', '--strict', '--outDir', 'out', '--skipLibCheck'];
    const legacy = ['--experimentalDecorators', '--emitDecoratorMetadata'];
    const types = ['--types', 'node', '--typeRoots', join(ROOT, 'node_modules/@types')];
    await exec(join(ROOT, 'node_modules/.bin/tsc'), ['main.ts', ...flags, ...legacy, ...types], { cwd }).catch(
      (error: { stdout: string }) => {
        throw new Error(error.stdout);
      },
    );
    const order = { id: '7', total: 9 };
    expect(await serve(cwd, 'out/main.js')).toEqual([order, order]);
    await isSeen('nest', { 'shop.get': 3, 'shop.find': 3 });
  });

  it('the conformance suite, as its page shows it', async () => {
    const page = await readFile(join(ROOT, 'docs/reference/conformance.md'), 'utf8');
    const [, program = ''] = /```js\n(.+?)```/s.exec(page) ?? [];
    const own = "import { measurePerformance as instrument } from '@evenkeel/sdk'; export { instrument };";
    const versions = { '@opentelemetry/context-async-hooks': '3.1.0', '@opentelemetry/sdk-trace': '3.1.0' };
    const cwd = await projects.make('suite', versions, { 'suite.js': program, 'yours.js': own }, { type: 'module' });
    const { stdout } = await exec(process.execPath, ['suite.js'], { cwd });
    const broken = stdout.split('\n').filter((line) => line.startsWith('BROKEN'));
    expect(broken).toEqual([expect.stringContaining('callback')]);
    expect(stdout).toContain('holds generator-context');
  });
});
