// Metrics sent by OTLP as Debian's Prometheus reads them from the page, with native histograms and exemplars.
import { execFile, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { beforeAll, expect, it } from 'vitest';
import type { DataPoint, PointValue } from '../../collector/src/model/data-point.ts';
import { encodeMetrics } from '../../collector/src/otlp/encode-metrics.ts';
import { dataPoint, exponentialOf, histogramOf, type PointShape } from '../support/data-points.ts';
import { eventually } from '../support/eventually.ts';
import { type RunningPrometheus, startPrometheus } from '../support/prometheus.ts';
import { seeded } from '../support/random.ts';
import { describeWith, PROGRAMS, pythonEnvironment } from '../support/real-parts.ts';
import { type RunningSidecar, startSidecar } from '../support/sidecar.ts';
import { bodyOf } from '../support/traffic.ts';

const exec = promisify(execFile);

/** Pushes a second apart, long enough for several scrapes. */
const PUSHES = 12;
const VALUES_A_PUSH = 200;
const SCALE = 3;
/** Neighbouring bounds of native buckets at that scale. */
const BUCKET_RATIO = 2 ** (2 ** -SCALE);
const OPENMETRICS = { accept: 'application/openmetrics-text;version=1.0.0' };

/** Everything that was measured, and the trace of an example that was kept. */
interface Sent {
  readonly values: number[];
  readonly traceId: string;
}

async function post(url: string, body: Uint8Array<ArrayBuffer>): Promise<void> {
  const headers = { 'content-type': 'application/x-protobuf' };
  const response = await fetch(url, { method: 'POST', headers, body });
  expect(response.status).toBe(200);
}

async function push(otlpHttp: string, points: DataPoint[]): Promise<void> {
  for (const { body } of encodeMetrics(points)) await post(`${otlpHttp}/v1/metrics`, Uint8Array.from(body));
}

/** Points of one push, of every kind and both temporalities. */
function pushed(sent: Sent, startMs: number, fromMs: number, values: number[]): DataPoint[] {
  const timeMs = Date.now();
  const whole = { startMs, timeMs };
  const window = { startMs: fromMs, timeMs, temporality: 'delta' } as const;
  const exemplar = { value: values[0] ?? 0, isInteger: false, timeMs, spanId: '0123456789abcdef', attributes: [] };
  const exemplars = [sent.traceId, randomBytes(16).toString('hex')].map((traceId) => ({ ...exemplar, traceId }));
  const all = sent.values;
  const summary: PointValue = { type: 'summary', count: all.length, sum: 1, quantiles: [{ quantile: 0.5, value: 2 }] };
  const shapes: PointShape[] = [
    { ...window, name: 'latency', unit: 's', value: exponentialOf(values, SCALE), exemplars },
    { ...whole, name: 'latency.whole', unit: 's', value: exponentialOf(all, SCALE) },
    { ...window, name: 'size', unit: 'By', value: histogramOf(values, [0.1, 1, 10]), exemplars },
    { ...whole, name: 'requests', unit: '{request}', value: all.length, exemplars },
    { ...window, name: 'requests.delta', value: values.length, attributes: { 'http.route': '/a"b\\c\nd' } },
    { ...whole, name: 'queue.depth', kind: 'sum', isMonotonic: false, value: -3.5 },
    { ...whole, name: 'cpu.utilization', unit: '1', kind: 'gauge', value: 0.5 },
    { ...whole, name: 'odd', kind: 'gauge', value: NaN },
    { ...whole, name: 'quantiles', unit: 's', kind: 'summary', value: summary },
  ];
  const resource = { 'host.name': 'h1' };
  return shapes.map((shape) =>
    dataPoint({ description: 'Words of "some" \\ kind.', resource, instance: 'i1', ...shape }),
  );
}

async function send(otlpHttp: string): Promise<Sent> {
  const random = seeded(7);
  const traceId = randomBytes(16);
  const endNs = BigInt(Date.now()) * 1_000_000n;
  const failed = { service: 'shop', name: 'checkout', kind: 2, statusCode: 2, attributes: [] };
  const ids = { traceId, spanId: randomBytes(8), parentSpanId: Buffer.alloc(0) };
  await post(
    `${otlpHttp}/v1/traces`,
    Uint8Array.from(bodyOf([{ ...failed, ...ids, startNs: endNs - 5_000_000n, endNs }])),
  );
  const sent: Sent = { values: [], traceId: traceId.toString('hex') };
  const startMs = Date.now();
  let fromMs = startMs;
  for (let i = 0; i < PUSHES; i++) {
    await pause(1000);
    const values = Array.from({ length: VALUES_A_PUSH }, () => Math.exp(random() * 8 - 6));
    sent.values.push(...values);
    await push(otlpHttp, pushed(sent, startMs, fromMs, values));
    fromMs = Date.now();
  }
  return sent;
}

describeWith(['prometheus', 'promtool', 'python'], 'the page of metrics that came in', (paths) => {
  let sidecar: RunningSidecar;
  let prometheus: RunningPrometheus;
  let sent: Sent;

  beforeAll(async () => {
    sidecar = await startSidecar({
      config: 'sample: { after_root: 100ms }\nmonitoring: false\nlimit: false\naggregate: false\n',
    });
    const features = 'native-histograms,exemplar-storage';
    // The sidecar is no source of its own: labels of who sent stay.
    prometheus = await startPrometheus(paths.prometheus, sidecar.urls.metrics, 'honor_labels: true', features);
    sent = await send(sidecar.urls.otlpHttp);
    const whole = `requests_delta_total == ${PUSHES * VALUES_A_PUSH}`;
    await eventually('a scrape after the last push', async () => (await prometheus.query(whole)).length > 0);
  });

  async function value(expression: string): Promise<number> {
    const series = await prometheus.query(expression);
    expect(series, expression).toHaveLength(1);
    return series[0]?.points[0]?.value ?? Number.NaN;
  }

  it('is read as protobuf, with native histograms whose quantiles are within one bucket of exact', async () => {
    const sorted = sent.values.toSorted((a, b) => a - b);
    for (const q of [0.1, 0.5, 0.9, 0.99]) {
      const exact = sorted[Math.ceil(q * sorted.length) - 1] ?? NaN;
      for (const name of ['latency_seconds', 'latency_whole_seconds']) {
        const told = await value(`histogram_quantile(${q}, ${name})`);
        expect(Math.max(told / exact, exact / told), `${name} ${q}`).toBeLessThanOrEqual(BUCKET_RATIO);
        // Over all increments too: the first of them is there, because each began at 0.
        const grown = await value(`histogram_quantile(${q}, increase(${name}[10m]))`);
        expect(Math.max(grown / exact, exact / grown), `${name} ${q}`).toBeLessThanOrEqual(BUCKET_RATIO);
      }
    }
    expect(await value('histogram_count(latency_seconds)')).toBe(sent.values.length);
    expect(await value('histogram_sum(latency_seconds)')).toBeCloseTo(
      sent.values.reduce((a, b) => a + b),
      6,
    );
  });

  it('shows every increment once', async () => {
    const whole = PUSHES * VALUES_A_PUSH;
    for (const name of ['requests_total', 'requests_delta_total', 'size_bytes_count']) {
      expect(await value(name), name).toBe(whole);
      // The difference of last and first, which `increase` extrapolates.
      expect(await value(`${name} - min_over_time(${name}[10m])`), name).toBe(whole);
    }
    expect(await value('size_bytes_bucket{le="+Inf"}')).toBe(whole);
    const [labelled] = await prometheus.query('requests_delta_total');
    expect(labelled?.labels).toMatchObject({ job: 'shop', instance: 'i1', http_route: '/a"b\\c\nd' });
  });

  it('has the other kinds, and tells what each source is', async () => {
    expect(await value('queue_depth')).toBe(-3.5);
    expect(await value('cpu_utilization_ratio')).toBe(0.5);
    expect(await value('odd')).toBeNaN();
    expect(await value('quantiles_seconds{quantile="0.5"}')).toBe(2);
    expect(await value('target_info{job="shop",instance="i1",host_name="h1"}')).toBe(1);
    expect(await value('up')).toBe(1);
  });

  it('has the durations of spans as native histograms', async () => {
    expect(await value('histogram_count(traces_span_metrics_duration_seconds{span_name="checkout"})')).toBe(1);
  });

  it('shows examples of kept traces only', async () => {
    for (const selector of ['latency_seconds', 'size_bytes_bucket', 'requests_total']) {
      const traces = await eventually(`examples of ${selector}`, async () => {
        const found = await prometheus.exemplars(selector);
        return found.length > 0 && found;
      });
      expect([...new Set(traces)], selector).toEqual([sent.traceId]);
    }
  });

  it('passes promtool as text', async () => {
    const page = await (await fetch(sidecar.urls.metrics)).text();
    // The rule for suffixes is about names the sources chose; without the host's readings there is none of these here.
    expect(execFileSync(paths.promtool, ['check', 'metrics'], { input: page, encoding: 'utf8' })).toBe('');
  });

  it('parses as OpenMetrics in Python, which finds the same numbers', async () => {
    const python = await pythonEnvironment(paths.python);
    const page = await (await fetch(sidecar.urls.metrics, { headers: OPENMETRICS })).text();
    const running = exec(python, [join(PROGRAMS, 'python/openmetrics.py')], { maxBuffer: 64 * 1024 * 1024 });
    running.child.stdin?.end(page);
    const families = JSON.parse((await running).stdout) as Record<
      string,
      { type: string; unit: string; value: string }
    >;
    expect(families['requests']).toEqual({ type: 'counter', unit: '', value: `${sent.values.length}.0` });
    expect(families['size_bytes']).toMatchObject({ type: 'histogram', unit: 'bytes' });
    expect(families['latency_seconds']).toMatchObject({ type: 'histogram', unit: 'seconds' });
    expect(families['target']).toEqual({ type: 'info', unit: '', value: '1.0' });
    expect(families['quantiles_seconds']).toMatchObject({ type: 'summary' });
  });
});
