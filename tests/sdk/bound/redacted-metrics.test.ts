// Metrics without secrets, and series that are one without them.
import { ROOT_CONTEXT, trace, TraceFlags } from '@opentelemetry/api';
import { ProtobufMetricsSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider, MetricReader, AggregationType } from '@opentelemetry/sdk-metrics';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { array, assert, asyncProperty, double } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redactedMetrics, redactReader } from '../../../sdk/src/bound/redacted-metrics.ts';
import { createRedaction } from '../../../sdk/src/bound/redaction.ts';
import { createExemplars } from '../../../sdk/src/metrics/exemplars.ts';
import { SpanMetricsProcessor } from '../../../sdk/src/metrics/span-metrics-processor.ts';
import { decodedPoints } from '../../support/decoded-points.ts';

class PullReader extends MetricReader {
  protected onShutdown = async (): Promise<void> => {};
  protected onForceFlush = async (): Promise<void> => {};
}

/** A provider whose reader collects redacted metrics. */
function rig(histograms: AggregationType.EXPONENTIAL_HISTOGRAM | AggregationType.DEFAULT = AggregationType.DEFAULT) {
  const type = { type: histograms };
  const reader = redactReader(new PullReader({ aggregationSelector: () => type }), createRedaction());
  const meter = new MeterProvider({ readers: [reader] }).getMeter('shop');
  /** Points of the one metric there is. */
  const points = async () => {
    const { resourceMetrics } = await reader.collect();
    return resourceMetrics.scopeMetrics[0]?.metrics[0]?.dataPoints ?? [];
  };
  return { meter, points };
}

const ANN = { user: 'ann@mail.example', plan: 'free' };
const BOB = { plan: 'free', user: 'bob@mail.example' };
const CLEAN = { user: 'REDACTED', plan: 'free' };

describe('redactReader', () => {
  it('adds up counters that are one without their secrets, each time they are collected', async () => {
    const { meter, points } = rig();
    const counter = meter.createCounter('orders');
    counter.add(1, ANN);
    counter.add(2, BOB);
    counter.add(4, { plan: 'paid' });
    const expected = (value: number) => [
      expect.objectContaining({ attributes: CLEAN, value }),
      expect.objectContaining({ attributes: { plan: 'paid' }, value: 4 }),
    ];
    expect(await points()).toEqual(expected(3));
    counter.add(8, ANN);
    expect(await points()).toEqual(expected(11));
  });

  it('leaves the attributes of the program as they are', async () => {
    const { meter, points } = rig();
    const given = { ...ANN };
    meter.createCounter('orders').add(1, given);
    await points();
    expect(given).toEqual(ANN);
  });

  it('tells one value of a gauge', async () => {
    const { meter, points } = rig();
    meter.createGauge('level').record(1, ANN);
    meter.createObservableGauge('level').addCallback((result) => result.observe(2, BOB));
    expect(await points()).toEqual([expect.objectContaining({ attributes: CLEAN, value: 1 })]);
  });

  it('joins histograms with boundaries', async () => {
    const { meter, points } = rig();
    const advice = { explicitBucketBoundaries: [1, 10] };
    const histogram = meter.createHistogram('wait', { advice });
    for (const value of [0.5, 5]) histogram.record(value, ANN);
    for (const value of [6, 50]) histogram.record(value, BOB);
    const buckets = { boundaries: [1, 10], counts: [1, 2, 1] };
    expect((await points()).map(({ value }) => value)).toEqual([{ buckets, count: 4, sum: 61.5, min: 0.5, max: 50 }]);
  });

  it('joins exponential histograms to what all values would have made of one', async () => {
    const values = array(double({ min: 0, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 30 });
    const collected = async (...sets: (readonly [object, readonly number[]])[]) => {
      const { meter, points } = rig(AggregationType.EXPONENTIAL_HISTOGRAM);
      const histogram = meter.createHistogram('wait');
      for (const [attributes, all] of sets) for (const value of all) histogram.record(value, { ...attributes });
      return (await points()) as unknown as { value: Exponential }[];
    };
    await assert(
      asyncProperty(values, values, async (one, other) => {
        const [joined, ...rest] = await collected([ANN, one], [BOB, other]);
        const [whole] = await collected([CLEAN, [...one, ...other]]);
        expect(rest).toEqual([]);
        expect(coarse(joined?.value)).toEqual(coarse(whole?.value));
        expect(joined?.value.positive.bucketCounts.length).toBeLessThanOrEqual(160);
      }),
      { numRuns: 60, seed: 3 },
    );
  });
});

describe('exemplars', () => {
  const redaction = createRedaction();
  const exemplars = createExemplars({ redact: (attributes) => redaction.attributes(attributes) });
  const serializer = exemplars.serializer(ProtobufMetricsSerializer, 'protobuf');
  const inSpan = trace.setSpanContext(ROOT_CONTEXT, {
    traceId: 'a'.repeat(32),
    spanId: 'b'.repeat(16),
    traceFlags: TraceFlags.SAMPLED,
  });

  it.each([true, false])('are found by what measurements are without secrets (reader redacts: %s)', async (redacts) => {
    const pull = new PullReader();
    const reader = redacts ? redactReader(pull, redaction) : pull;
    const provider = exemplars.meterProvider(new MeterProvider({ readers: [reader] }));
    const counter = provider.getMeter('shop').createCounter('orders');
    counter.add(1, ANN, inSpan);
    counter.add(2, BOB, inSpan);
    const { resourceMetrics } = await reader.collect();
    const points = decodedPoints(serializer.serializeRequest(resourceMetrics) ?? new Uint8Array(0));
    const told = points.map((point) => point.exemplars.map(({ value, attributes }) => [value, attributes]));
    const [one, two] = [1, 2].map((value) => [value, []]);
    expect(told).toEqual(redacts ? [[one, two]] : [[one], [two]]);
  });

  it('of counted spans stay with a point that others are joined to', () => {
    const processor = new SpanMetricsProcessor({ exemplars });
    const tracer = new TracerProvider({ spanProcessors: [processor] }).getTracer('shop');
    for (const { user } of [ANN, BOB]) tracer.startSpan(user).end();
    const resource = resourceFromAttributes({});
    const metrics = redactedMetrics({ resource, scopeMetrics: processor.forReader().collectNow() }, redaction);
    const points = decodedPoints(serializer.serializeRequest(metrics) ?? new Uint8Array(0));
    expect(points.map((point) => point.exemplars.length)).toEqual([0, 1]);
  });
});

interface Exponential {
  readonly count: number;
  readonly zeroCount: number;
  readonly scale: number;
  readonly min: number;
  readonly max: number;
  readonly positive: { readonly offset: number; readonly bucketCounts: readonly number[] };
}

/** At a scale that any of them can be brought to, because the SDK's may be finer by a step than a join needs. */
function coarse(value: Exponential | undefined) {
  const steps = (value?.scale ?? 0) + 4;
  const counts = new Map<number, number>();
  value?.positive.bucketCounts.forEach((count, i) => {
    const place = (value.positive.offset + i) >> steps;
    if (count > 0) counts.set(place, (counts.get(place) ?? 0) + count);
  });
  return [[...counts], value?.count, value?.zeroCount, value?.min, value?.max];
}
