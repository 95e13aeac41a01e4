// Programs with the stock Python and Go SDKs send metrics of every kind to the sidecar: what they recorded arrives at
// the receiver behind it and on the metrics page, no more and no less.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, it } from 'vitest';
import { exponentialOf, histogramOf } from '../support/data-points.ts';
import { eventually } from '../support/eventually.ts';
import { readSamples, type Sample, sumOf } from '../support/exposition-text.ts';
import { type PythonReceiver, type ReceivedPoint, startPythonReceiver } from '../support/python-receiver.ts';
import { describeWith, goProgram, PROGRAMS, pythonEnvironment } from '../support/real-parts.ts';
import { startSidecar } from '../support/sidecar.ts';

const exec = promisify(execFile);

type Command = readonly [program: string, ...args: string[]];
type Temporality = 'cumulative' | 'delta';
type Protocol = 'http/protobuf' | 'grpc';

const PUSHES = 3;
const RECORDINGS_A_PUSH = 100;
const CURRENCIES = ['EUR', 'USD'] as const;
/** Of the programs' `size`. */
const BOUNDS = [100, 1000, 10_000];
/** Metrics of the programs, each with a series for each currency. */
const SERIES = 5 * CURRENCIES.length;
const POINTS = PUSHES * SERIES;

/** What the programs record: the n-th recording of each instrument, from 1 on. */
const RECORDED: Readonly<Record<string, (n: number) => number>> = {
  orders: (n) => n,
  'orders.open': (n) => (n % 7) - 3,
  temperature: (n) => n / 8,
  size: (n) => n * n,
  latency: (n) => (((n * 7) % 50) + 0.3) / 16,
};

/** Values of one series, from one push (exclusive) to another. */
function recorded(name: string, currency: string, from: number, to: number): number[] {
  const numbers = Array.from({ length: (to - from) * RECORDINGS_A_PUSH }, (_, i) => from * RECORDINGS_A_PUSH + i + 1);
  const own = numbers.filter((n) => CURRENCIES[n % 2] === currency);
  return own.map((n) => RECORDED[name]?.(n) ?? Number.NaN);
}

const sumOfAll = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

/** What the point of a push has to say, by its kind. */
function checkPoint({ name, attributes, point, ...metric }: ReceivedPoint, push: number, temporality: Temporality) {
  const currency = attributes['currency']?.stringValue ?? '';
  // A sum that goes up and down is cumulative where deltas are preferred too.
  const isDelta = temporality === 'delta' && name !== 'orders.open' && name !== 'temperature';
  const values = recorded(name, currency, isDelta ? push : 0, push + 1);
  const title = `${name} of ${currency}, push ${push}`;
  if (name !== 'temperature')
    expect(metric.aggregationTemporality, title).toBe(`AGGREGATION_TEMPORALITY_${isDelta ? 'DELTA' : 'CUMULATIVE'}`);
  if (metric.kind === 'gauge') expect(numberOf(point), title).toBe(values.at(-1));
  else if (metric.kind === 'sum') {
    expect(numberOf(point), title).toBe(sumOfAll(values));
    expect(metric.isMonotonic === true, title).toBe(name === 'orders');
  } else {
    expect(point, title).toMatchObject({
      count: String(values.length),
      min: Math.min(...values),
      max: Math.max(...values),
      sum: expect.closeTo(sumOfAll(values), 6),
    });
    if (name === 'size') checkBuckets(point, values, title);
    else checkExponential(point, values, title);
  }
}

function numberOf(point: ReceivedPoint['point']): number {
  return Number(point['asInt'] ?? point['asDouble']);
}

function checkBuckets(point: ReceivedPoint['point'], values: readonly number[], title: string): void {
  const { counts } = histogramOf(values, BOUNDS);
  expect(point, title).toMatchObject({ explicitBounds: BOUNDS, bucketCounts: counts.map(String) });
}

/** At whatever scale the SDK chose. */
function checkExponential(point: ReceivedPoint['point'], values: readonly number[], title: string): void {
  const { positive } = exponentialOf(values, Number(point['scale'] ?? 0));
  const sides = point['positive'] as { offset?: number; bucketCounts: string[] };
  const found = new Map<number, number>();
  sides.bucketCounts.forEach((count, i) => {
    if (count !== '0') found.set((sides.offset ?? 0) + i, Number(count));
  });
  const expected = positive.counts.map((count, i) => [positive.offset + i, count] as const);
  expect(found, title).toEqual(new Map(expected.filter(([, count]) => count > 0)));
}

/** The whole of what was recorded, as the page shows it. */
function checkPage(samples: readonly Sample[]): void {
  for (const currency of CURRENCIES) {
    const of = (name: string, more = {}): number => sumOf(samples, name, { currency, job: 'meter', ...more });
    const all = (name: string): number[] => recorded(name, currency, 0, PUSHES);
    expect(of('orders_total')).toBe(sumOfAll(all('orders')));
    expect(of('orders_open')).toBe(sumOfAll(all('orders.open')));
    expect(of('temperature_celsius')).toBe(all('temperature').at(-1));
    expect(of('size_bytes_sum')).toBe(sumOfAll(all('size')));
    for (const bound of BOUNDS)
      expect(of('size_bytes_bucket', { le: bound.toFixed(1) })).toBe(
        all('size').filter((size) => size <= bound).length,
      );
    expect(of('latency_seconds_sum')).toBeCloseTo(sumOfAll(all('latency')), 6);
    for (const name of ['size_bytes', 'latency_seconds'])
      expect(of(`${name}_count`)).toBe((PUSHES * RECORDINGS_A_PUSH) / CURRENCIES.length);
  }
}

async function runMeter([program, ...args]: Command, receiver: PythonReceiver, env: Record<string, string>) {
  const sidecar = await startSidecar({ config: `export: { otlp: { next: { endpoint: '${receiver.url}' } } }\n` });
  const isGrpc = env['OTEL_EXPORTER_OTLP_PROTOCOL'] === 'grpc';
  const { stdout, stderr } = await exec(program, args, {
    env: {
      OTEL_SERVICE_NAME: 'meter',
      OTEL_EXPORTER_OTLP_ENDPOINT: isGrpc ? sidecar.urls.otlpGrpc : sidecar.urls.otlpHttp,
      PUSHES: String(PUSHES),
      ...env,
    },
  });
  expect({ stdout, stderr }).toEqual({ stdout: '', stderr: '' });
  const samples = readSamples(await (await fetch(sidecar.urls.metrics)).text());
  expect(await sidecar.stop()).toEqual({ code: 0, signal: null });
  return samples;
}

async function checkMeter(command: Command, interpreter: string, protocol: Protocol, temporality: Temporality) {
  const receiver = await startPythonReceiver(interpreter);
  const samples = await runMeter(command, receiver, {
    OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
    OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: temporality,
  });
  checkPage(samples);
  // The sidecar tells of itself too.
  const own = (): ReceivedPoint[] =>
    receiver.points().filter(({ resource }) => resource['service.name']?.stringValue === 'meter');
  await eventually(`${POINTS} points`, () => own().length >= POINTS);
  expect(own()).toHaveLength(POINTS);
  const bySeries = Map.groupBy(own(), ({ name, attributes }) => `${name} ${attributes['currency']?.stringValue}`);
  expect(bySeries.size).toBe(SERIES);
  for (const points of bySeries.values()) points.forEach((point, push) => checkPoint(point, push, temporality));
}

const WAYS = (['http/protobuf', 'grpc'] as const).flatMap((protocol) =>
  (['cumulative', 'delta'] as const).map((temporality) => ({ protocol, temporality })),
);

describeWith(['python'], 'metrics of a Python service', ({ python }) => {
  let interpreter: string;
  beforeAll(async () => {
    interpreter = await pythonEnvironment(python);
  });

  it.each(WAYS)('arrive as they were recorded: $protocol, $temporality', async ({ protocol, temporality }) => {
    await checkMeter([interpreter, join(PROGRAMS, 'python/meter.py')], interpreter, protocol, temporality);
  });
});

describeWith(['python', 'go'], 'metrics of a Go service', ({ python, go }) => {
  let interpreter: string;
  let program: string;
  beforeAll(async () => {
    interpreter = await pythonEnvironment(python);
    program = await goProgram(go, 'meter');
  });

  it.each(WAYS)('arrive as they were recorded: $protocol, $temporality', async ({ protocol, temporality }) => {
    await checkMeter([program], interpreter, protocol, temporality);
  });
});
