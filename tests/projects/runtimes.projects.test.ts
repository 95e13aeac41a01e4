// Programs under the other runtimes for JavaScript, whose binaries come from npm: with telemetry that they start themselves,
// and that is loaded before them.
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

describeProjects('other runtimes', () => {
  let sidecar: PackedSidecar;

  beforeAll(async () => {
    sidecar = await PackedSidecar.start(['bun', 'bun-before', 'deno', 'deno-before']);
  });

  it.each([
    ['bun', '1.4.5', []],
    ['deno', '2.9.6', ['run', '--allow-all', '--no-prompt']],
  ])('are seen: %s %s', async (runtime, version, args) => {
    const files = {
      'job.mjs': (await readmeFile('job.mjs')).replace("serviceName: 'job'", `serviceName: '${runtime}'`),
      'unaware.mjs': UNAWARE,
      'before.mjs': "import '@evenkeel/sdk/register';\n",
    };
    const cwd = await makeProject(runtime, { [runtime]: version }, files);
    const run = async (...program: readonly string[]): Promise<unknown> => {
      const env = { OTEL_EXPORTER_OTLP_ENDPOINT: sidecar.endpoint, OTEL_SERVICE_NAME: `${runtime}-before` };
      return exec(join(cwd, 'node_modules/.bin', runtime), [...args, ...program], { cwd, env });
    };
    expect(await run('job.mjs')).toEqual({ stdout: '27\n', stderr: '' });
    expect(await run('--preload', './before.mjs', 'unaware.mjs')).toEqual({ stdout: '18\n', stderr: '' });
    await sidecar.sees(runtime, { 'job.price': 2 });
    await sidecar.sees(`${runtime}-before`, { 'unaware.price': 1 });
  });
});
