// What importing the package loads and what a program sees that never starts telemetry, in processes of their own.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { SCOPE_NAME, SCOPE_VERSION } from '../../sdk/src/names.ts';

const exec = promisify(execFile);
const sdk = new URL('../../sdk/', import.meta.url);

/** Runs a program as an ES module in the folder of the SDK and gives its output. */
async function run(program: string): Promise<string> {
  const args = ['--input-type=module', '--eval', program];
  return (await exec(process.execPath, args, { cwd: sdk })).stdout.trim();
}

/** Loads every file by a hook that only remembers its URL. */
const REMEMBER = `
  import { registerHooks } from 'node:module';
  const loaded = [];
  registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
`;

describe('importing the package', () => {
  it('loads the API of OpenTelemetry and nothing else of it', async () => {
    const urls = JSON.parse(
      await run(`${REMEMBER} await import('./src/index.ts'); console.log(JSON.stringify(loaded));`),
    ) as string[];
    const packages = new Set(urls.flatMap((url) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? []));
    expect([...packages]).toEqual(['@opentelemetry/api']);
    expect(urls.filter((url) => url.startsWith('node:'))).toEqual([]);
    expect(urls.some((url) => url.includes('/providers.'))).toBe(false);
  });

  it('loads the SDK when telemetry starts', async () => {
    const program = `${REMEMBER}
      const { startTelemetry } = await import('./src/index.ts');
      const telemetry = await startTelemetry({ serviceName: 'x', endpoint: 'http://127.0.0.1:9', runtimeMetrics: false });
      console.log(loaded.some((url) => url.includes('@opentelemetry/sdk-trace')));
      process.exit(0);`;
    expect(await run(program)).toBe('true');
  });

  it('does not load the SDK when telemetry is disabled', async () => {
    const program = `${REMEMBER}
      process.env.OTEL_SDK_DISABLED = 'true';
      const { startTelemetry } = await import('./src/index.ts');
      const telemetry = await startTelemetry({ serviceName: 'x', prometheus: {} });
      await telemetry.flush();
      await telemetry.shutdown();
      console.log(typeof telemetry.metricsPage, loaded.some((url) => url.includes('sdk-trace')));`;
    expect(await run(program)).toBe('function false');
  });

  it('names its scope as the package is named', () => {
    const manifest = JSON.parse(readFileSync(new URL('package.json', sdk), 'utf8')) as Record<string, unknown>;
    expect([manifest['name'], manifest['version']]).toEqual([SCOPE_NAME, SCOPE_VERSION]);
  });
});

/** A program that reports unhandled rejections; `fail` returns a rejected promise of the given kind. */
const program = (body: string, kind: string): string => `
  import { context, trace } from '@opentelemetry/api';
  import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
  import { TracerProvider } from '@opentelemetry/sdk-trace';
  import { measurePerformance } from './src/index.ts';
  context.setGlobalContextManager(new AsyncLocalStorageContextManager());
  trace.setGlobalTracerProvider(new TracerProvider());
  class Sub extends Promise {}
  process.on('unhandledRejection', (error) => console.log('unhandled', error.message));
  const fail = measurePerformance('op', () => ${kind}.reject(new Error('lost')));
  ${body}`;

/** What each program reports, with both kinds of promise. */
async function expectOf(bodies: readonly string[], report: string): Promise<void> {
  const programs = bodies.flatMap((body) => ['Promise', 'Sub'].map((kind) => ({ body, kind })));
  const reports = await Promise.all(programs.map(({ body, kind }) => run(program(body, kind))));
  programs.forEach(({ body, kind }, i) => expect(reports[i], `${kind}: ${body}`).toBe(report));
}

describe('an unhandled rejection', () => {
  it('stays unhandled', async () => {
    await expectOf(['fail();', `measurePerformance('outer', fail)();`], 'unhandled lost');
  });

  it('does not appear where it is handled', async () => {
    await expectOf(
      [
        `await fail().catch((error) => console.log('handled', error.message));`,
        `try { await fail(); } catch (error) { console.log('handled', error.message); }`,
        `const later = fail(); queueMicrotask(() => queueMicrotask(() => later.catch(() => console.log('handled lost'))));`,
        `measurePerformance('outer', fail)().catch((error) => console.log('handled', error.message));`,
        `Promise.allSettled([fail()]).then(([{ reason }]) => console.log('handled', reason.message));`,
      ],
      'handled lost',
    );
  });
});
