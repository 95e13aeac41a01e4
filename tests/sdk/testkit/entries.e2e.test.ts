// What the further entries of the package load, and that both of their builds work, found by the package's own name.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const exec = promisify(execFile);
const cwd = new URL('../../../sdk/', import.meta.url);

/** Runs a program in the folder of the SDK, where its name means itself. */
async function run(kind: 'module' | 'commonjs', program: string): Promise<unknown> {
  const { stdout } = await exec(process.execPath, [`--input-type=${kind}`, '--eval', program], { cwd });
  return JSON.parse(stdout) as unknown;
}

const REMEMBER = `
  import { registerHooks } from 'node:module';
  const loaded = [];
  registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });`;

const loadedBy = (entry: string): Promise<unknown> =>
  run(
    'module',
    `${REMEMBER}
    await import('@evenkeel/sdk/${entry}');
    const packages = loaded.flatMap((url) => /node_modules\\/((?:@[^/]+\\/)?[^/]+)/.exec(url)?.[1] ?? []);
    const builtIns = loaded.filter((url) => url.startsWith('node:'));
    console.log(JSON.stringify([...new Set([...packages, ...builtIns])]));`,
  );

test('the monitors load the API and nothing else', async () => {
  expect(await loadedBy('monitor')).toEqual(['@opentelemetry/api']);
});

test('the matcher loads no OpenTelemetry and no test runner', async () => {
  expect(await loadedBy('vitest')).toEqual(['node:fs']);
});

const USE = `
  const telemetry = createTestTelemetry();
  const monitor = new PerformanceMonitor({ resources: new ResourceMonitor() });
  const queries = new QueryPerformanceTracker({ repeatedCalls: 2 });
  telemetry.tracer.startActiveSpan('a', { startTime: [5, 0] }, (span) => {
    for (let i = 0; i < 2; i++) queries.record({ system: 'sqlite', text: 'SELECT ' + i, durationMs: 1 });
    span.end([5, 3_000_000]);
  });
  monitor.recordOperation('a', telemetry.durationsOf('a')[0]);
  telemetry.assertNoMisuse();
  (async () => {
    const baselines = { version: 1, operations: [{ op: 'a', counts: [100, 100] }] };
    const { pass } = await baselineMatchers.toStayWithinBaseline(Array(50).fill(3), { baselines, name: 'a' });
    const receiver = await createOtlpReceiver();
    await receiver.close();
    console.log(JSON.stringify([monitor.getStatistics('a').maxMs, queries.repeatedQueries()[0].text, pass]));
  })();`;

const NAMES = {
  monitor: 'PerformanceMonitor, ResourceMonitor, QueryPerformanceTracker',
  testkit: 'createTestTelemetry, createOtlpReceiver',
  vitest: 'baselineMatchers',
};

test('they work as ES modules and as CommonJS', async () => {
  const entries = Object.entries(NAMES);
  const imports = entries.map(([entry, names]) => `import { ${names} } from '@evenkeel/sdk/${entry}';`).join('\n');
  const requires = entries
    .map(([entry, names]) => `const { ${names} } = require('@evenkeel/sdk/${entry}');`)
    .join('\n');
  for (const result of [await run('module', imports + USE), await run('commonjs', requires + USE)])
    expect(result).toEqual([3, 'SELECT ?', false]);
});

test('a monitor of the CommonJS build follows a sidecar too', async () => {
  const program = `
    const { createServer } = require('node:http');
    const { PerformanceMonitor } = require('@evenkeel/sdk/monitor');
    const alert = { id: '1', state: 'firing', severity: 'info', subject: { name: 's' } };
    const server = createServer((_, response) => response.end('event: alerts\\ndata: ' + JSON.stringify({ alerts: [alert] }) + '\\n\\n'));
    server.listen(0, '127.0.0.1', () => {
      const monitor = new PerformanceMonitor({ alerts: { url: 'http://127.0.0.1:' + server.address().port } });
      monitor.registerAlertCallback((type, { subject }) => {
        console.log(JSON.stringify([type, subject]));
        monitor.stop();
        server.close();
      });
    });`;
  expect(await run('commonjs', program)).toEqual(['alert', 's']);
});
