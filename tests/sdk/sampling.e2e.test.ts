// Sampling, exact counting and exemplars as options and environment of startTelemetry ask for them.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import type { DataPoint } from '../../collector/src/model/data-point.ts';
import type { TelemetryOptions } from '../../sdk/src/index.ts';
import { decodedPoints } from '../support/decoded-points.ts';
import { startReceiver } from '../support/otlp-receiver.ts';

const exec = promisify(execFile);
const PROGRAM = fileURLToPath(new URL('../fixtures/sdk/sampled-program.mjs', import.meta.url));

async function run(options: Partial<TelemetryOptions>, environment: Record<string, string> = {}) {
  const receiver = await startReceiver();
  const all = { serviceName: 'sampled', endpoint: receiver.url, runtimeMetrics: false, ...options };
  const { stdout, stderr } = await exec(process.execPath, [PROGRAM, JSON.stringify(all)], { env: environment });
  expect(stderr).toBe('');
  const truth = JSON.parse(stdout) as { calls: number; sampled: string[] };
  const bodies = receiver.received.filter(({ path }) => path === '/v1/metrics');
  const points = new Map<string, DataPoint>();
  const traces: string[] = [];
  for (const point of bodies.flatMap(({ body }) => decodedPoints(body))) {
    points.set(point.metric.name, point);
    traces.push(...point.exemplars.map(({ traceId }) => traceId));
  }
  return { truth, points, traces };
}

it('counts exactly what is sampled by a share, with exemplars of sampled traces', async () => {
  const { truth, points, traces } = await run({ sampling: { ratio: 0.1, exactCounting: true } });
  expect(points.get('traces.span.metrics.calls')?.value).toMatchObject({ value: truth.calls });
  const kinds = ['traces.span.metrics.duration', 'waits'].map((name) => points.get(name)?.value.type);
  expect(kinds).toEqual(['exponential_histogram', 'exponential_histogram']);
  expect(truth.sampled.length).toBeGreaterThan(10);
  expect(truth.sampled.length).toBeLessThan(120);
  expect(traces.length).toBeGreaterThan(2);
  for (const trace of traces) expect(truth.sampled).toContain(trace);
});

it('does as the environment says', async () => {
  const { truth, points, traces } = await run(
    {},
    {
      OTEL_METRICS_EXEMPLAR_FILTER: 'always_off',
      OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION: 'explicit_bucket_histogram',
      OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'delta',
    },
  );
  expect(truth.sampled).toHaveLength(truth.calls);
  expect(points.has('traces.span.metrics.calls')).toBe(false);
  expect(points.get('waits')).toMatchObject({ value: { type: 'histogram' }, metric: { temporality: 'delta' } });
  expect(traces).toEqual([]);
});
