// Fresh projects of each kind install the packed packages, run the programs of the SDK's README and are seen by the packed
// sidecar: spans, metrics, exemplars.
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, inject, it } from 'vitest';
import { compile, describeProjects, makeProject, readmeFile, ROOT, serve } from '../support/fresh-projects.ts';
import { PackedSidecar } from '../support/packed-sidecar.ts';

const exec = promisify(execFile);
const ORDER = { id: '7', total: 9 };

const NEST = {
  '@nestjs/common': '12.5.1',
  '@nestjs/core': '12.5.1',
  '@nestjs/platform-express': '12.5.1',
  'reflect-metadata': '0.2.2',
  rxjs: '7.8.2',
};

describeProjects('fresh projects that follow the README', () => {
  let sidecar: PackedSidecar;
  let env: Record<string, string>;

  beforeAll(async () => {
    sidecar = await PackedSidecar.start(['job', 'batch', 'web', 'nest']);
    env = { OTEL_EXPORTER_OTLP_ENDPOINT: sidecar.endpoint };
  });

  it.each([
    ['an ES module', 'job'],
    ['CommonJS', 'batch'],
  ])('are seen as plain JavaScript, as %s', async (_, service) => {
    const [cwd, file] = [inject('packed').both, service === 'job' ? 'job.mjs' : 'job.cjs'];
    await writeFile(join(cwd ?? '', file), await readmeFile(file));
    expect(await exec(process.execPath, [file], { cwd, env })).toEqual({ stdout: '27\n', stderr: '' });
    await sidecar.sees(service, { [`${service}.price`]: 2 });
  });

  it('are seen with Express', async () => {
    const cwd = await makeProject('express', { express: '5.3.0' }, { 'server.mjs': await readmeFile('server.mjs') });
    expect(await serve(cwd, ['server.mjs'], env)).toEqual([ORDER, ORDER, ORDER]);
    await sidecar.sees('web', { 'web.order': 3 });
  });

  it('are seen with Nest, with legacy decorators and emitted types', async () => {
    const cwd = await makeProject('nest', NEST, { 'main.ts': await readmeFile('main.ts') }, { type: 'module' });
    const flags = ['--module', 'nodenext', '--target', 'es2022', '--strict', '--outDir', 'out', '--skipLibCheck'];
    const legacy = ['--experimentalDecorators', '--emitDecoratorMetadata'];
    const types = ['--types', 'node', '--typeRoots', join(ROOT, 'node_modules/@types')];
    await compile(cwd, ['main.ts', ...flags, ...legacy, ...types], ROOT);
    expect(await serve(cwd, ['out/main.js'], env)).toEqual([ORDER, ORDER, ORDER]);
    await sidecar.sees('nest', { 'shop.get': 3, 'shop.find': 3 });
  });

  it('run the conformance suite, as its page shows it', async () => {
    const page = await readFile(join(ROOT, 'docs/reference/conformance.md'), 'utf8');
    const [, program = ''] = /```js\n(.+?)```/s.exec(page) ?? [];
    const own = "import { measurePerformance as instrument } from '@evenkeel/sdk'; export { instrument };";
    const versions = { '@opentelemetry/context-async-hooks': '3.1.0', '@opentelemetry/sdk-trace': '3.1.0' };
    const cwd = await makeProject('suite', versions, { 'suite.js': program, 'yours.js': own }, { type: 'module' });
    const { stdout } = await exec(process.execPath, ['suite.js'], { cwd });
    const broken = stdout.split('\n').filter((line) => line.startsWith('BROKEN'));
    expect(broken).toEqual([expect.stringContaining('callback')]);
    expect(stdout).toContain('holds generator-context');
  });
});
