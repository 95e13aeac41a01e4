// Programs under the oldest Node that is promised, the newest one, and the other runtimes for JavaScript, whose binaries come
// from npm: with telemetry that they start themselves, and that is loaded before them.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, it } from 'vitest';
import { describeProjects, makeProject, readmeFile } from '../support/fresh-projects.ts';
import { PackedSidecar } from '../support/packed-sidecar.ts';

const exec = promisify(execFile);

const UNAWARE = `import { measurePerformance } from '@evenkeel/sdk';

console.log(measurePerformance('unaware.price', (sku) => sku.length * 3)('coffee'));
`;

describeProjects('runtimes', () => {
  let sidecar: PackedSidecar;

  beforeAll(async () => {
    const names = ['node22', 'node26', 'bun', 'deno'];
    sidecar = await PackedSidecar.start(names.flatMap((name) => [name, `${name}-before`]));
  });

  it.each([
    ['node22', 'node', '22.15.0', ['--import']],
    ['node26', 'node', '26.10.0', ['--import']],
    ['bun', 'bun', '1.4.5', ['--preload']],
    ['deno', 'deno', '2.9.6', ['run', '--allow-all', '--no-prompt', '--preload']],
  ])('run the SDK: %s', async (name, runtime, version, load) => {
    const files = {
      'job.mjs': (await readmeFile('job.mjs')).replace("serviceName: 'job'", `serviceName: '${name}'`),
      'unaware.mjs': UNAWARE,
      'before.mjs': "import '@evenkeel/sdk/register';\n",
    };
    const cwd = await makeProject(name, { [runtime]: version }, files, { allowScripts: { [runtime]: true } });
    const run = async (...args: readonly string[]): Promise<{ stdout: string; stderr: string }> => {
      const env = { OTEL_EXPORTER_OTLP_ENDPOINT: sidecar.endpoint, OTEL_SERVICE_NAME: `${name}-before` };
      return exec(join(cwd, 'node_modules/.bin', runtime), args, { cwd, env });
    };
    expect((await run('--version')).stdout).toContain(version);
    expect(await run(...load.slice(0, -1), 'job.mjs')).toEqual({ stdout: '27\n', stderr: '' });
    expect(await run(...load, './before.mjs', 'unaware.mjs')).toEqual({ stdout: '18\n', stderr: '' });
    await sidecar.sees(name, { 'job.price': 2 });
    await sidecar.sees(`${name}-before`, { 'unaware.price': 1 });
  });
});
