// Debian's Prometheus scrapes the sidecar while a known number of spans comes in: what it says is what was sent.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { beforeAll, expect, it } from 'vitest';
import type { DataPoint } from '../../collector/src/model/data-point.ts';
import { METRIC } from '../../sdk/src/names.ts';
import { dashboards } from '../support/dashboards.ts';
import { dataPoint, numberValue } from '../support/data-points.ts';
import { eventually } from '../support/eventually.ts';
import { handIn } from '../support/metric-door.ts';
import { type RunningPrometheus, type Series, startPrometheus } from '../support/prometheus.ts';
import { describeWith } from '../support/real-parts.ts';
import { type RunningSidecar, startSidecar } from '../support/sidecar.ts';
import { bodyOf, type TestSpan } from '../support/traffic.ts';

const SERVICE = 'shop';
const CALLS = 'traces_span_metrics_calls_total';
const BATCH_EVERY_MS = 100;
const BATCHES = 400;
/** Seconds of the range rates are taken over; shorter than the sending, so that it lies within. */
const RANGE_S = 30;

/** Of the host's readings. */
const COUNTS = ['process_thread_count', 'process_unix_file_descriptor_count', 'system_network_connection_count'];

/** What each batch holds, from its first batch on. */
interface Operation {
  readonly name: string;
  readonly kind: number;
  readonly statusCode: number;
  readonly spansPerBatch: number;
  readonly fromBatch: number;
}

const OPERATIONS: readonly Operation[] = [
  { name: 'checkout', kind: 2, statusCode: 0, spansPerBatch: 5, fromBatch: 0 },
  { name: 'charge', kind: 3, statusCode: 1, spansPerBatch: 4, fromBatch: 0 },
  { name: 'charge', kind: 3, statusCode: 2, spansPerBatch: 1, fromBatch: 0 },
  { name: 'quote "gross"\\net', kind: 1, statusCode: 0, spansPerBatch: 2, fromBatch: BATCHES / 2 },
];
const STATUS_TEXT = ['STATUS_CODE_UNSET', 'STATUS_CODE_OK', 'STATUS_CODE_ERROR'];

function batch(number: number): TestSpan[] {
  const endNs = BigInt(Date.now()) * 1_000_000n;
  return OPERATIONS.filter(({ fromBatch }) => number >= fromBatch).flatMap(
    ({ name, kind, statusCode, spansPerBatch }) =>
      Array.from({ length: spansPerBatch }, () => ({
        service: SERVICE,
        traceId: randomBytes(16),
        spanId: randomBytes(8),
        parentSpanId: Buffer.alloc(0),
        name,
        kind,
        startNs: endNs - 7_000_000n,
        endNs,
        statusCode,
        attributes: [],
      })),
  );
}

/** When each batch had been taken, in Unix seconds. */
type SendLog = readonly number[];

/** Calls of a program that promises something, from its beginning: one of a hundred is bad. */
function promised(number: number, startMs: number): DataPoint[] {
  const labels = { 'evenkeel.operation.name': 'checkout', 'evenkeel.slo.objective': '0.99' };
  return [true, false].map((isMet) =>
    dataPoint({
      name: METRIC.operationCalls.name,
      description: METRIC.operationCalls.description,
      unit: '{call}',
      kind: 'sum',
      service: SERVICE,
      attributes: { ...labels, 'evenkeel.slo.met': String(isMet) },
      value: numberValue(number * (isMet ? 99 : 1)),
      startMs,
      timeMs: Date.now(),
    }),
  );
}

/** Sends on a fixed schedule: a batch that is late does not delay those after it. */
async function send(sidecar: RunningSidecar): Promise<SendLog> {
  const beganMs = Date.now();
  const log: number[] = [];
  const startMs = performance.now();
  for (let number = 0; number < BATCHES; number++) {
    await pause(Math.max(0, startMs + number * BATCH_EVERY_MS - performance.now()));
    if (number % 10 === 0) await handIn(sidecar, promised(number, beganMs));
    const response = await fetch(`${sidecar.urls.otlpHttp}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-protobuf' },
      body: bodyOf(batch(number)),
    });
    expect(response.status).toBe(200);
    log.push(Date.now() / 1000);
  }
  return log;
}

function sent({ spansPerBatch, fromBatch }: Operation): number {
  return spansPerBatch * (BATCHES - fromBatch);
}

function selector({ name, statusCode }: Operation): string {
  return `${CALLS}{span_name=${JSON.stringify(name)},status_code="${STATUS_TEXT[statusCode]}"}`;
}

describeWith(['prometheus', 'promtool'], 'the metrics page', ({ prometheus: binary, promtool }) => {
  let sidecar: RunningSidecar;
  let prometheus: RunningPrometheus;
  let log: SendLog;
  /** Time of a scrape after the last batch. */
  let scrapedAt: number;

  beforeAll(async () => {
    const next = await startSidecar();
    const config = `sample: { after_root: 500ms }
sources: { unsampled: [${SERVICE}] }
export: { otlp: { next: { endpoint: '${next.urls.otlpHttp}' } } }
`;
    sidecar = await startSidecar({ config });
    prometheus = await startPrometheus(binary, sidecar.urls.metrics, 'honor_labels: true');
    log = await send(sidecar);
    scrapedAt = await eventually('a scrape after the last batch', () => lastScrape(prometheus, log.at(-1) ?? 0));
  });

  async function only(expression: string, time = scrapedAt): Promise<Series> {
    const series = await prometheus.query(expression, time);
    expect(series, expression).toHaveLength(1);
    return series[0] ?? { labels: {}, points: [], histograms: [] };
  }

  async function value(expression: string, time?: number): Promise<number> {
    return (await only(expression, time)).points[0]?.value ?? Number.NaN;
  }

  it('passes promtool in the text format', async () => {
    const response = await fetch(sidecar.urls.metrics);
    const page = await response.text();
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const families = [
      CALLS,
      'traces_span_metrics_duration_seconds',
      'evenkeel_export_delivered_total',
      'process_uptime_seconds',
    ];
    for (const family of families) expect(page).toContain(`# TYPE ${family} `);
    // Its complaints; a suffix it wants for histograms only is what OpenTelemetry calls these.
    const { stdout, stderr } = spawnSync(promtool, ['check', 'metrics'], { input: page, encoding: 'utf8' });
    const complaint = 'non-histogram and non-summary metrics should not have "_count" suffix';
    expect((stdout + stderr).split('\n')).toEqual([...COUNTS.map((name) => `${name} ${complaint}`), '']);
  });

  it('is read as OpenMetrics by Prometheus', async () => {
    const metadata = await eventually('metadata', async () => {
      const known = await prometheus.metadata();
      return known.length > 0 && known;
    });
    const of = (name: string) => metadata.find(({ metric }) => metric === name);
    // Only this format has units, and counters described without their suffix.
    expect(of('traces_span_metrics_duration_seconds')).toMatchObject({ type: 'histogram', unit: 'seconds' });
    expect(of('traces_span_metrics_calls')).toMatchObject({ type: 'counter' });
    expect(of('evenkeel_receive_size_bytes')).toMatchObject({ type: 'counter', unit: 'bytes' });
    // Read to its end, escapes and all: a page that does not parse is a target that is down.
    expect(await value('up')).toBe(1);
  });

  it('ends at exactly the calls that were sent, series by series', async () => {
    for (const operation of OPERATIONS) expect(await value(selector(operation))).toBe(sent(operation));
    const total = OPERATIONS.reduce((sum, operation) => sum + sent(operation), 0);
    expect(await value(`sum(${CALLS})`)).toBe(total);
    expect(await value('sum(traces_span_metrics_duration_seconds_count)')).toBe(total);
    expect(await value('evenkeel_receive_spans_total')).toBe(total);
    expect(await prometheus.query(CALLS, scrapedAt)).toHaveLength(OPERATIONS.length);
  });

  it('gives rates within 2 % of what was sent in the time', async () => {
    // One second before the end, so that sending fills the range.
    const end = (log.at(-1) ?? 0) - 1;
    const batches = log.filter((time) => time > end - RANGE_S && time <= end).length;
    for (const operation of OPERATIONS.filter(({ fromBatch }) => fromBatch === 0)) {
      const rate = await value(`rate(${selector(operation)}[${RANGE_S}s])`, end);
      const expected = (batches * operation.spansPerBatch) / RANGE_S;
      expect(Math.abs(rate / expected - 1), `${operation.name}: ${rate} of ${expected}`).toBeLessThan(0.02);
    }
  });

  it('shows a new series at 0 first, so that increase() misses nothing', async () => {
    for (const operation of OPERATIONS) {
      const { points } = await only(`${selector(operation)}[10m]`);
      expect(points[0]?.value).toBe(0);
      expect(points.filter((point) => point.value === 0)).toHaveLength(1);
      // The range starts at 0 and ends at a scrape, which leaves nothing to extrapolate but rounding.
      expect(await value(`increase(${selector(operation)}[10m])`)).toBeCloseTo(sent(operation), 3);
    }
  });

  it('has data for every query of every dashboard', async () => {
    const files = dashboards({ service: SERVICE });
    expect(files).not.toEqual([]);
    const empty: string[] = [];
    for (const { file, queries } of files) {
      expect(queries, file).not.toEqual([]);
      for (const { title, expression } of queries) {
        const series = await prometheus.query(expression, log.at(-1));
        if (series.every(({ points }) => points.length === 0)) empty.push(`${file}: ${title}: ${expression}`);
      }
    }
    expect(empty).toEqual([]);
  });
});

/** Time of the newest scrape, once it lies after the given time. */
async function lastScrape(prometheus: RunningPrometheus, after: number): Promise<number | undefined> {
  const [newest] = await prometheus.query('timestamp(up)');
  const time = newest?.points[0]?.value ?? 0;
  return time > after + 1 ? time : undefined;
}
