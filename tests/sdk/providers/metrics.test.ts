// Readers and views of a configuration do what their nodes say.
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  type DataPointType,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { CardinalityNode, PrometheusNode, ReaderNode, ViewNode } from '../../../sdk/src/config/model.ts';
import { createCounting } from '../../../sdk/src/metrics/counting.ts';
import { createReaders, createViews } from '../../../sdk/src/providers/metrics.ts';
import { freePort } from '../../support/free-port.ts';

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
    const chosen = { included: ['*o*'], excluded: ['r??te'] };
    expect((await record([{ selector, stream: { attribute_keys: chosen } }]))['http.duration']?.attributes).toEqual([
      { method: 'GET' },
    ]);
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
    expect(await of({ explicit_bucket_histogram: null })).toBe(plain);
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

  it('makes the page with labels of the resource, and without what is not wanted', async () => {
    const page = async (node: PrometheusNode, limits?: CardinalityNode): Promise<string> => {
      const port = await freePort();
      const [reader] = await createReaders(
        [{ pull: { exporter: { 'prometheus/development': { ...node, port } }, cardinality_limits: limits ?? null } }],
        { outlet },
      );
      const resource = resourceFromAttributes({ 'service.name': 'shop', 'service.secret': 's', 'host.name': 'h' });
      const provider = new MeterProvider({ resource, readers: reader ? [reader] : [] });
      const counter = provider.getMeter('m').createCounter('calls');
      for (let i = 0; i < 9; i++) counter.add(1, { i });
      const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      await provider.shutdown();
      return text;
    };
    const lines = (text: string): string[] => text.split('\n').filter((line) => line.startsWith('calls_total'));
    const plain = await page({});
    expect(plain).toMatch(/^target_info\{/m);
    expect(lines(plain)).toHaveLength(9);
    const labels = { included: ['service.*'], excluded: ['*secret'] };
    const chosen = await page(
      { resource_constant_labels: labels, 'target_info_enabled/development': false, scope_info_enabled: false },
      { default: 100, counter: 4 },
    );
    expect(chosen).not.toContain('target_info');
    expect(lines(chosen)).toHaveLength(4);
    expect(lines(chosen)[0]).toBe('calls_total{i="0",service_name="shop"} 1');
  });

  it('exports no more points at once than it may', async () => {
    const sizes: number[] = [];
    const write = vi.spyOn(process.stdout, 'write').mockImplementation((line) => {
      sizes.push(String(line).match(/"asInt"|"asDouble"/g)?.length ?? 0);
      return true;
    });
    onTestFinished(() => write.mockRestore());
    const node = { 'max_export_batch_size/development': 4, exporter: { 'otlp_file/development': null } };
    const [reader] = await createReaders([{ periodic: node }], {
      outlet: { ...outlet, closed: new AbortController().signal },
    });
    const provider = new MeterProvider({ readers: reader ? [reader] : [] });
    for (let i = 0; i < 9; i++) provider.getMeter('m').createCounter('calls').add(1, { i });
    await provider.forceFlush();
    await provider.shutdown();
    expect(sizes.slice(0, 3)).toEqual([4, 4, 1]);
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
