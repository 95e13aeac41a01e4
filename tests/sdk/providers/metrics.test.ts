// Readers and views of a configuration do what their nodes say.
import {
  AggregationTemporality,
  type DataPointType,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ReaderNode, ViewNode } from '../../../sdk/src/config/model.ts';
import { createCounting } from '../../../sdk/src/metrics/counting.ts';
import { createReaders, createViews } from '../../../sdk/src/providers/metrics.ts';

const outlet = { closing: AbortSignal.abort(), closed: AbortSignal.abort(), onFailure: () => {} };

/** Records with views, and gives the points of each metric. */
async function record(
  views: readonly ViewNode[],
): Promise<Record<string, { type: DataPointType; attributes: object[] }>> {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({ readers: [reader], views: createViews(views) });
  onTestFinished(() => provider.shutdown());
  const histogram = provider.getMeter('m').createHistogram('http.duration', { unit: 's' });
  for (let i = 0; i < 5; i++) histogram.record(i, { route: `/${i}`, method: 'GET' });
  provider.getMeter('m').createCounter('calls').add(1);
  await provider.forceFlush();
  const metrics = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
  return Object.fromEntries(
    metrics.map(({ descriptor, dataPointType, dataPoints }) => [
      descriptor.name,
      { type: dataPointType, attributes: dataPoints.map(({ attributes }) => attributes) },
    ]),
  );
}

describe('createViews', () => {
  it('renames, cuts attributes and limits series', async () => {
    const selector = { instrument_name: 'http.duration', instrument_type: 'histogram', unit: 's' } as const;
    const limited = await record([{ selector, stream: { name: 'short', aggregation_cardinality_limit: 3 } }]);
    expect(limited['short']?.attributes).toHaveLength(3);
    expect(limited['short']?.attributes).toContainEqual({ 'otel.metric.overflow': true });
    expect(
      (await record([{ selector, stream: { attribute_keys: { excluded: ['route'] } } }]))['http.duration']?.attributes,
    ).toEqual([{ method: 'GET' }]);
    expect(
      (await record([{ selector, stream: { attribute_keys: { included: ['none'] } } }]))['http.duration']?.attributes,
    ).toEqual([{}]);
  });

  it('applies one that selects nothing in particular to every instrument', async () => {
    const all = await record([{ selector: {}, stream: { attribute_keys: { excluded: ['route'] } } }]);
    expect(all['http.duration']?.attributes).toEqual([{ method: 'GET' }]);
  });

  it('chooses the aggregation', async () => {
    const of = async (aggregation: ViewNode['stream']['aggregation']) => {
      const { 'http.duration': metric } = await record([
        {
          selector: { meter_name: 'm', instrument_name: 'http.duration' },
          stream: { aggregation: aggregation ?? null },
        },
      ]);
      return metric?.type;
    };
    const plain = (await record([]))['http.duration']?.type;
    expect(await of({ drop: null })).toBeUndefined();
    expect(await of({ default: null })).toBe(plain);
    expect(await of({ explicit_bucket_histogram: { boundaries: [1] } })).toBe(plain);
    expect(await of({ base2_exponential_bucket_histogram: { max_size: 20 } })).not.toBe(plain);
    expect(await of({ sum: null })).not.toBe(plain);
    expect(await of({ last_value: null })).not.toBe(plain);
  });
});

describe('createReaders', () => {
  it('limits the series of every instrument as its kind is limited', async () => {
    const limits = { default: 4, histogram: 2, up_down_counter: 3 };
    const node: ReaderNode = {
      periodic: { interval: 100, timeout: 5000, exporter: { otlp_http: null }, cardinality_limits: limits },
    };
    const [reader] = await createReaders([node], { outlet });
    onTestFinished(() => reader?.shutdown());
    const provider = new MeterProvider({ readers: reader ? [reader] : [] });
    const meter = provider.getMeter('m');
    for (let i = 0; i < 10; i++) {
      meter.createCounter('counter').add(1, { i });
      meter.createHistogram('histogram').record(1, { i });
      meter.createUpDownCounter('up_down').add(1, { i });
    }
    const { resourceMetrics } = (await reader?.collect()) ?? {};
    const counts = resourceMetrics?.scopeMetrics.flatMap(({ metrics }) =>
      metrics.map(({ descriptor, dataPoints }) => [descriptor.name, dataPoints.length]),
    );
    expect(Object.fromEntries(counts ?? [])).toEqual({ counter: 4, histogram: 2, up_down: 3 });
  });

  it('have counted spans in the temporality of their exporter', async () => {
    const counting = createCounting({ serviceName: 'shop', exactCounting: true, onFailure: () => {} });
    const nodes = (['cumulative', 'delta', 'low_memory'] as const).map((temporality): ReaderNode => {
      return { periodic: { interval: 3_600_000, exporter: { otlp_http: { temporality_preference: temporality } } } };
    });
    const readers = await createReaders(nodes, { outlet }, counting);
    const provider = new MeterProvider({ readers });
    onTestFinished(() => provider.shutdown());
    new TracerProvider({ spanProcessors: [...counting.spanProcessors] }).getTracer('test').startSpan('op').end();
    const collected = await Promise.all(readers.map((reader) => reader.collect()));
    const metrics = collected.map(({ resourceMetrics }) =>
      resourceMetrics.scopeMetrics.flatMap((each) => each.metrics),
    );
    expect(metrics.map((all) => all.map((metric) => metric.aggregationTemporality))).toEqual([
      [AggregationTemporality.CUMULATIVE, AggregationTemporality.CUMULATIVE],
      [AggregationTemporality.DELTA, AggregationTemporality.DELTA],
      [AggregationTemporality.DELTA, AggregationTemporality.DELTA],
    ]);
  });
});
