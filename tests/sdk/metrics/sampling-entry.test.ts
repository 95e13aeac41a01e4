// What importing samplers, exact counting and exemplars loads, in a process of its own.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const exec = promisify(execFile);
const sdk = new URL('../../../sdk/', import.meta.url);

const PROGRAM = `
  import { registerHooks } from 'node:module';
  const loaded = [];
  registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
  const entry = await import('./src/sampling.ts');
  console.log(JSON.stringify({ loaded, names: Object.keys(entry) }));`;

it('loads the API of OpenTelemetry, nothing else of it, and nothing of Node', async () => {
  const { stdout } = await exec(process.execPath, ['--input-type=module', '--eval', PROGRAM], { cwd: sdk });
  const { loaded, names } = JSON.parse(stdout) as { loaded: string[]; names: string[] };
  const packages = new Set(loaded.flatMap((url) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? []));
  expect([...packages]).toEqual(['@opentelemetry/api']);
  expect(loaded.filter((url) => url.startsWith('node:'))).toEqual([]);
  expect(names).toContain('createParentConsistentSampler');
  expect(names).toContain('SpanMetricsProcessor');
});
