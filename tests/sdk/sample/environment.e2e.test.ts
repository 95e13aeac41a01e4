// OTEL_TRACES_SAMPLER through a real sidecar: what it shows of a sampled program are counts of all that happened.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { pageSamples } from '../../support/metric-door.ts';
import { type RunningSidecar, startSidecar } from '../../support/sidecar.ts';

const exec = promisify(execFile);
const at = (name: string): string => fileURLToPath(new URL(`../../fixtures/sdk/${name}`, import.meta.url));
const PROGRAM = at('head-sampled.mjs');
const TRACES = 2000;
const CONFIG = `
remote_sampling: { services: [{ name: steered, type: probabilistic, ratio: 0.5 }] }
sample: { decision_wait: 1s, after_root: 500ms, policies: [{ name: all, type: probabilistic, ratio: 1 }] }
`;

let sidecar: RunningSidecar;
beforeAll(async () => {
  sidecar = await startSidecar({ config: CONFIG });
});

/** Runs the program. @returns the traces it kept */
async function run(args: readonly string[], sampler: string, arg: string): Promise<string[]> {
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: sidecar.urls.otlpHttp,
    OTEL_BSP_MAX_QUEUE_SIZE: '10000',
    OTEL_TRACES_SAMPLER: sampler,
    OTEL_TRACES_SAMPLER_ARG: arg,
  };
  const { stdout, stderr } = await exec(process.execPath, [PROGRAM, ...args], { env });
  expect(stderr).toBe('');
  return JSON.parse(stdout) as string[];
}

/** Calls of a service as the sidecar shows them, by operation. */
async function shown(service: string): Promise<Record<string, number>> {
  const calls = (await pageSamples(sidecar)).filter(
    ({ name, labels }) => name === 'traces_span_metrics_calls_total' && labels['service_name'] === service,
  );
  return Object.fromEntries(calls.map(({ labels, value }) => [labels['span_name'], value]));
}

/** Four standard errors of an estimate from the share that was kept. */
const errorOf = (ratio: number): number => 4 * Math.sqrt((TRACES * (1 - ratio)) / ratio);

async function expectCalls(service: string, count: number): Promise<void> {
  await eventually(`the calls of ${service}`, async () => (await shown(service))['ship'] === count);
  expect(await shown(service)).toMatchObject({ pay: count, check: count, ship: count });
}

it('a quarter of the traces is shown as all of them', async () => {
  const kept = await run(['followed', String(TRACES)], 'parentbased_traceidratio', '0.25');
  // By whatever service and whichever of both samplers, a trace is decided on alike.
  expect(await run(['alone', String(TRACES)], 'traceidratio', '0.25')).toEqual(kept);
  expect(Math.abs(kept.length * 4 - TRACES)).toBeLessThan(errorOf(0.25));
  await expectCalls('followed', kept.length * 4);
  await expectCalls('alone', kept.length * 4);
});

it('a program that is steered from outside begins with what it was given, and then follows', async () => {
  const arg = `endpoint=${sidecar.urls.page},pollingIntervalMs=5000,initialSamplingRate=0`;
  const kept = await run(['steered', String(TRACES), 'steered'], 'parentbased_jaeger_remote', arg);
  expect(Math.abs(kept.length * 2 - TRACES)).toBeLessThan(errorOf(0.5));
  await expectCalls('steered', kept.length * 2);
});

it('a program that goes on where it would have ended is steered further', async () => {
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: sidecar.urls.otlpHttp };
  const { stdout } = await exec(process.execPath, [at('steered-on.mjs')], { env, timeout: 10_000 });
  expect(stdout).toBe('asked again\n');
});
