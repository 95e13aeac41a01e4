// Exact counting with the real SDK: a head-sampled program, and what a reader collects of it.
import { type Attributes, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, TraceFlags } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  type AggregationOption,
  AggregationTemporality,
  AggregationType,
  type DataPoint,
  type ExponentialHistogram,
  MeterProvider,
  MetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type SpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { describe, expect, it } from 'vitest';
import { CALLS, DURATION, SPAN_KINDS, STATUS_CODES } from '../../../collector/src/measure/names.ts';
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

const exponential = (): AggregationOption => ({ type: AggregationType.EXPONENTIAL_HISTOGRAM });

function rig(options: SpanMetricsProcessorOptions = {}, temporality = AggregationTemporality.CUMULATIVE) {
  const reader = new PullReader({
    aggregationSelector: (type) => (type === 'HISTOGRAM' ? exponential() : { type: AggregationType.DEFAULT }),
    aggregationTemporalitySelector: () => temporality,
  });
  const meterProvider = new MeterProvider({ readers: [reader] });
  const exported = new InMemorySpanExporter();
  const processor: SpanProcessor = new SpanMetricsProcessor({ meterProvider, ...options });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'shop' }),
    sampler: createAlwaysRecordSampler(createConsistentProbabilitySampler(0.1)),
    spanProcessors: [processor, new SimpleSpanProcessor({ exporter: exported })],
  });
  const tracer = provider.getTracer('test');
  const collect = async () => {
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

  it('begins a series when its first call ends, and adds to it once', async () => {
    const { tracer, calls, collect } = rig({}, AggregationTemporality.DELTA);
    tracer.startSpan('op').end();
    const beganMs = Date.now();
    tracer.startSpan('op').end();
    const [point] = ((await collect()).get(CALLS)?.dataPoints ?? []) as DataPoint<number>[];
    expect(point?.value).toBe(2);
    expect((point?.startTime[0] ?? 0) * 1000 + (point?.startTime[1] ?? 0) / 1e6).toBeLessThanOrEqual(beganMs);
    expect((await calls()).map(([, value]) => value)).toEqual([]);
    tracer.startSpan('op').end();
    expect((await calls()).map(([, value]) => value)).toEqual([1]);
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

  it('records durations in the context of the span that ended, of no other', () => {
    const contexts: (string | undefined)[] = [];
    const meterProvider = new MeterProvider({
      readers: [new PullReader()],
      views: [
        {
          instrumentName: DURATION,
          attributesProcessors: [
            {
              process: (attributes, context) => {
                contexts.push(trace.getSpanContext(context ?? ROOT_CONTEXT)?.spanId);
                return attributes;
              },
            },
          ],
        },
      ],
    });
    const { tracer } = rig({ meterProvider });
    const spans = Array.from({ length: 40 }, () => tracer.startSpan('op'));
    for (const span of spans) span.end();
    expect(contexts).toEqual(
      spans.map((span) => {
        const { spanId, traceFlags } = span.spanContext();
        return traceFlags === TraceFlags.SAMPLED ? spanId : undefined;
      }),
    );
    expect(new Set(contexts).size).toBeGreaterThan(1);
  });
});
