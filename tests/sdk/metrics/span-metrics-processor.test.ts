// Exact counting with the real SDK: a head-sampled program, and what a reader collects of it.
import { type Attributes, type HrTime, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  type DataPoint,
  type ExponentialHistogram,
  type Histogram,
  MeterProvider,
  type MetricData,
  MetricReader,
  type ScopeMetrics,
} from '@opentelemetry/sdk-metrics';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { describe, expect, it } from 'vitest';
import {
  bucketOf as collectorBucket,
  INDEX_OFFSET,
  SCALE,
} from '../../../collector/src/model/exponential-histogram.ts';
import { CALLS, DURATION, SPAN_KINDS, STATUS_CODES } from '../../../collector/src/measure/names.ts';
import { bucketOf, DurationHistogram } from '../../../sdk/src/metrics/duration-histogram.ts';
import { MAX_EXEMPLARS, type SeriesExemplar } from '../../../sdk/src/metrics/exemplar-reservoir.ts';
import {
  SpanMetricsProcessor,
  type SpanMetricsProcessorOptions,
} from '../../../sdk/src/metrics/span-metrics-processor.ts';
import * as own from '../../../sdk/src/metrics/span-series.ts';
import { createAlwaysRecordSampler } from '../../../sdk/src/sample/always-record.ts';
import { createConsistentProbabilitySampler } from '../../../sdk/src/sample/consistent-probability.ts';
import { pick, seeded } from '../../support/random.ts';

class PullReader extends MetricReader {
  override async onForceFlush(): Promise<void> {}
  override async onShutdown(): Promise<void> {}
}

function rig(options: SpanMetricsProcessorOptions = {}) {
  const exported = new InMemorySpanExporter();
  const processor = new SpanMetricsProcessor(options);
  const reader = new PullReader({ metricProducers: [processor] });
  // A reader answers only once it has a provider.
  const meterProvider = new MeterProvider({ readers: [reader] });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'shop' }),
    sampler: createAlwaysRecordSampler(createConsistentProbabilitySampler(0.1)),
    spanProcessors: [processor, new SimpleSpanProcessor({ exporter: exported })],
  });
  const tracer = provider.getTracer('test');
  const collect = async () => {
    await meterProvider.forceFlush();
    const { resourceMetrics, errors } = await reader.collect();
    expect(errors).toEqual([]);
    const metrics = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
    return new Map(metrics.map((metric) => [metric.descriptor.name, metric]));
  };
  const calls = async () => (((await collect()).get(CALLS)?.dataPoints ?? []) as DataPoint<number>[]).map(told);
  return { tracer, exported, collect, calls };
}

function told({ attributes, value }: DataPoint<number>): [Attributes, number] {
  return [attributes, value];
}

describe('the SpanMetricsProcessor', () => {
  it('counts exactly what ended, whatever was sampled', async () => {
    const { tracer, exported, collect } = rig();
    const random = seeded(29);
    const expected = new Map<string, { calls: number; seconds: number }>();
    const kinds = [SpanKind.INTERNAL, SpanKind.SERVER, SpanKind.CLIENT, SpanKind.PRODUCER, SpanKind.CONSUMER];
    for (let i = 0; i < 3000; i++) {
      const name = `op-${pick(random, 4)}`;
      const kind = kinds[pick(random, 5)] ?? SpanKind.INTERNAL;
      const code = [SpanStatusCode.UNSET, SpanStatusCode.OK, SpanStatusCode.ERROR][pick(random, 3)] ?? 0;
      const nanoseconds = pick(random, 1e9);
      const span = tracer.startSpan(name, { kind, startTime: [1_000_000, 0] });
      span.setStatus({ code });
      span.end([1_000_002, nanoseconds]);
      // By the collector's tables, whose kinds begin with an unspecified one.
      const key = `${name} ${SPAN_KINDS[kind + 1]} ${STATUS_CODES[code]}`;
      const sum = expected.get(key) ?? { calls: 0, seconds: 0 };
      expected.set(key, { calls: sum.calls + 1, seconds: sum.seconds + 2 + nanoseconds / 1e9 });
      if (i % 700 === 0) await collect();
    }
    const metrics = await collect();
    const keyOf = ({ attributes: a }: { attributes: Attributes }): string =>
      `${String(a['span.name'])} ${String(a['span.kind'])} ${String(a['status.code'])}`;
    const calls = (metrics.get(CALLS)?.dataPoints ?? []) as DataPoint<number>[];
    const durations = (metrics.get(DURATION)?.dataPoints ?? []) as DataPoint<ExponentialHistogram>[];
    expect(new Map(calls.map((point) => [keyOf(point), point.value]))).toEqual(
      new Map([...expected].map(([key, each]) => [key, each.calls])),
    );
    expect(durations).toHaveLength(expected.size);
    for (const point of durations) {
      expect(point.value.count).toBe(expected.get(keyOf(point))?.calls);
      expect(point.value.sum).toBeCloseTo(expected.get(keyOf(point))?.seconds ?? 0, 6);
      expect(point.attributes['service.name']).toBe('shop');
    }
    expect(metrics.get(DURATION)?.descriptor.unit).toBe('s');
    expect([...metrics.keys()].sort()).toEqual([CALLS, DURATION]);
    // The rest was counted and not exported.
    expect(exported.getFinishedSpans().length).toBeGreaterThan(200);
    expect(exported.getFinishedSpans().length).toBeLessThan(400);
  });

  it('begins a series when its first call ends, and never starts it anew', async () => {
    const { tracer, collect } = rig();
    tracer.startSpan('op').end();
    const first = (await collect()).get(CALLS)?.dataPoints[0];
    tracer.startSpan('op').end();
    const second = (await collect()).get(CALLS)?.dataPoints[0];
    expect([first?.value, second?.value]).toEqual([1, 2]);
    expect(second?.startTime).toEqual(first?.startTime);
    expect(msOf(first?.startTime)).toBeLessThanOrEqual(msOf(first?.endTime));
    expect(msOf(first?.endTime)).toBeLessThanOrEqual(msOf(second?.endTime));
  });

  it('has nothing to tell before a span ended', async () => {
    expect([...(await rig().collect()).keys()]).toEqual([]);
  });

  it('counts what has no place in one overflow series', async () => {
    const { tracer, calls } = rig({ maxSeries: 2 });
    for (const name of ['a', 'b', 'c', 'd', 'a']) tracer.startSpan(name).end();
    expect((await calls()).map(([attributes, value]) => [attributes['span.name'], value])).toEqual([
      ['a', 2],
      ['b', 1],
      [undefined, 2],
    ]);
    expect((await calls())[2]?.[0]).toEqual({ 'service.name': 'shop', 'otel.metric.overflow': 'true' });
  });

  it('keeps dimensions apart, as the sidecar writes them', async () => {
    const { tracer, calls } = rig({ dimensions: ['tier', 'n'] });
    for (const tier of ['gold', 'lead', 'gold']) tracer.startSpan('op', { attributes: { tier, n: 1 } }).end();
    tracer.startSpan('op', { attributes: { tier: ['x'], n: false } }).end();
    tracer.startSpan('op').end();
    expect((await calls()).map(([{ tier, n }, value]) => [tier, n, value])).toEqual([
      ['gold', '1', 2],
      ['lead', '1', 1],
      ['[complex]', 'false', 1],
      [undefined, undefined, 1],
    ]);
  });

  it('uses the words of the collector', () => {
    expect(own.SPAN_KINDS).toEqual(SPAN_KINDS.slice(1));
    expect(own.STATUS_CODES).toEqual(STATUS_CODES);
  });

  it('hands on exemplars of sampled spans, with the point that counted them', async () => {
    const attached: [DataPoint<unknown>, readonly SeriesExemplar[]][] = [];
    const { tracer, exported, collect } = rig({ exemplars: { attach: (...each) => void attached.push(each) } });
    for (let i = 0; i < 100; i++) tracer.startSpan('op', { startTime: [1000, 0] }).end([1000, (i + 1) * 1e6]);
    const [point] = (await collect()).get(DURATION)?.dataPoints ?? [];
    const sampled = new Map(
      exported.getFinishedSpans().map((span) => [span.spanContext().spanId, span.duration[1] / 1e9]),
    );
    expect(attached.map(([each]) => each)).toEqual([point]);
    const exemplars = attached[0]?.[1] ?? [];
    expect(exemplars.length).toBeGreaterThan(1);
    expect(exemplars.length).toBeLessThanOrEqual(MAX_EXEMPLARS);
    for (const { value, spanContext } of exemplars) expect(sampled.get(spanContext?.spanId ?? '')).toBe(value);
    expect(exemplars.map(({ value }) => value)).toContain(Math.max(...sampled.values()));
    await collect();
    expect(attached).toHaveLength(1);
  });
});

describe('readers of the SpanMetricsProcessor', () => {
  const counted = (scopes: ScopeMetrics[], name: string): DataPoint<unknown>[] =>
    scopes.flatMap(({ metrics }) => metrics.filter(({ descriptor }) => descriptor.name === name)).flatMap(pointsOf);

  it('have totals of their own: deltas add up to what is cumulative, whoever is asked when', () => {
    const random = seeded(41);
    const processor = new SpanMetricsProcessor();
    const tracer = new TracerProvider({ spanProcessors: [processor] }).getTracer('test');
    const whole = processor.forReader();
    const deltas = [processor.forReader({ temporality: 'delta' }), processor.forReader({ temporality: 'delta' })];
    const sums = deltas.map(() => ({ calls: 0, count: 0, sum: 0, ends: new Map<Attributes, HrTime>() }));
    for (let i = 0; i < 2000; i++) {
      tracer.startSpan(`op-${pick(random, 5)}`, { startTime: [1000, 0] }).end([1000, pick(random, 1e9)]);
      const asked = i === 1999 ? [0, 1] : pick(random, 50) === 0 ? [pick(random, 2)] : [];
      if (pick(random, 70) === 0) whole.collectNow();
      for (const each of asked) {
        const [reader, sum] = [deltas[each], sums[each]];
        if (reader === undefined || sum === undefined) continue;
        const scopes = reader.collectNow();
        expect(new Set(scopes.flatMap(({ metrics }) => metrics.map((one) => one.aggregationTemporality)))).toEqual(
          new Set([AggregationTemporality.DELTA]),
        );
        for (const { value, attributes, startTime, endTime } of counted(scopes, CALLS) as DataPoint<number>[]) {
          sum.calls += value;
          // Where the one before ended, so that no time is told twice.
          expect(startTime).toEqual(sum.ends.get(attributes) ?? startTime);
          sum.ends.set(attributes, endTime);
        }
        for (const { value } of counted(scopes, DURATION) as DataPoint<ExponentialHistogram>[]) {
          sum.count += value.count;
          sum.sum += value.sum ?? 0;
          expect(value.count).toBe(value.positive.bucketCounts.reduce((a, b) => a + b, value.zeroCount));
        }
      }
    }
    const all = counted(whole.collectNow(), DURATION) as DataPoint<ExponentialHistogram>[];
    const expected = all.reduce((total, { value }) => total + (value.sum ?? 0), 0);
    for (const { calls, count, sum } of sums) {
      expect([calls, count]).toEqual([2000, 2000]);
      expect(sum).toBeCloseTo(expected, 6);
    }
  });

  it('tell of an idle delta that nothing was called, so that silence means something else', () => {
    const processor = new SpanMetricsProcessor();
    const reader = processor.forReader({ temporality: 'delta' });
    new TracerProvider({ spanProcessors: [processor] }).getTracer('test').startSpan('op').end();
    expect(reader.hasNews()).toBe(true);
    reader.collectNow();
    expect(reader.hasNews()).toBe(false);
    const idle = reader.collectNow();
    expect(counted(idle, CALLS).map(({ value }) => value)).toEqual([0]);
    expect(counted(idle, DURATION)).toEqual([]);
  });

  it('without exponential histograms have bounds that all series share, with exact counts', () => {
    const random = seeded(43);
    const processor = new SpanMetricsProcessor();
    const tracer = new TracerProvider({ spanProcessors: [processor] }).getTracer('test');
    const reader = processor.forReader({ histograms: 'classic' });
    const seconds = Array.from({ length: 300 }, () => Math.round(2 ** (random() * 12 - 9) * 1e9) / 1e9);
    const durations = [...seconds, 0.25, 0.5, 1, 0];
    durations.forEach((duration, i) => {
      const [whole, nanoseconds] = [Math.trunc(duration), Math.round((duration % 1) * 1e9)];
      tracer.startSpan(`op-${i % 2}`, { startTime: [1000, 0] }).end([1000 + whole, nanoseconds]);
    });
    const points = counted(reader.collectNow(), `${DURATION}_seconds`) as DataPoint<Histogram>[];
    expect(points).toHaveLength(2);
    points.forEach(({ value: { buckets, count } }, even) => {
      expect(buckets.boundaries).toEqual(points[0]?.value.buckets.boundaries);
      const held = durations.filter((_, i) => i % 2 === even);
      expect(count).toBe(held.length);
      let below = 0;
      buckets.boundaries.forEach((bound, i) => {
        below += buckets.counts[i] ?? 0;
        expect([bound, below]).toEqual([bound, held.filter((each) => each <= bound).length]);
      });
      expect(below + (buckets.counts.at(-1) ?? 0)).toBe(count);
    });
  });
});

describe('its buckets', () => {
  it('are those of the collector', () => {
    const random = seeded(31);
    for (let i = 0; i < 5000; i++) {
      const seconds = 2 ** (random() * 60 - 32);
      expect(bucketOf(seconds)).toBe(collectorBucket(seconds) + INDEX_OFFSET);
    }
    for (let exponent = -31; exponent <= 25; exponent++) {
      expect(bucketOf(2 ** exponent)).toBe(collectorBucket(2 ** exponent) + INDEX_OFFSET);
    }
    expect(SCALE).toBe(new DurationHistogram().value().scale);
  });

  it('are counted each, in whatever order durations come', () => {
    const random = seeded(37);
    const histogram = new DurationHistogram();
    const expected = new Map<number, number>();
    let sum = 0;
    const durations = Array.from({ length: 500 }, () => 2 ** (random() * 20 - 12));
    for (const seconds of [...durations, 0]) {
      histogram.record(seconds);
      sum += seconds;
      if (seconds > 0) expected.set(bucketOf(seconds), (expected.get(bucketOf(seconds)) ?? 0) + 1);
    }
    const value = histogram.value();
    const { offset, bucketCounts } = value.positive;
    const counted = bucketCounts.flatMap((count, i): [number, number][] => (count > 0 ? [[offset + i, count]] : []));
    expect(new Map(counted)).toEqual(expected);
    expect(value).toMatchObject({ count: 501, zeroCount: 1, sum, min: 0, max: Math.max(...durations) });
    expect(counted[0]?.[0]).toBe(offset);
  });
});

function pointsOf({ dataPoints }: MetricData): DataPoint<unknown>[] {
  return dataPoints;
}

function msOf(time: HrTime | undefined): number {
  return (time?.[0] ?? NaN) * 1000 + (time?.[1] ?? NaN) / 1e6;
}
