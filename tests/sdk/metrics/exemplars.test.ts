// Exemplars with the real SDK and its serializers, read back by the collector's decoder and by a full protobuf one.
import { type Context, context, ROOT_CONTEXT, trace, TraceFlags, ValueType } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { JsonMetricsSerializer, ProtobufMetricsSerializer } from '@opentelemetry/otlp-transformer';
import {
  AggregationTemporality,
  AggregationType,
  createAllowListAttributesProcessor,
  MeterProvider,
  MetricReader,
  type ResourceMetrics,
  type ViewOptions,
} from '@opentelemetry/sdk-metrics';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { metricsFromJson } from '../../../collector/src/otlp/json-metrics.ts';
import { MAX_EXEMPLARS } from '../../../sdk/src/metrics/exemplar-reservoir.ts';
import { createExemplars, type ExemplarFilter } from '../../../sdk/src/metrics/exemplars.ts';
import { decodedPoints } from '../../support/decoded-points.ts';
import { pick, seeded } from '../../support/random.ts';

beforeAll(() => void context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()));
afterAll(() => context.disable());

class PullReader extends MetricReader {
  override async onForceFlush(): Promise<void> {}
  override async onShutdown(): Promise<void> {}
}

interface Shape {
  readonly filter?: ExemplarFilter;
  readonly redact?: (attributes: Record<string, unknown>) => void;
  readonly views?: ViewOptions[];
  readonly temporality?: AggregationTemporality;
  readonly isExponential?: boolean;
}

type Format = 'protobuf' | 'json';

const SERIALIZERS = { protobuf: ProtobufMetricsSerializer, json: JsonMetricsSerializer };

function rig({
  filter,
  redact,
  views = [],
  temporality = AggregationTemporality.DELTA,
  isExponential = true,
}: Shape = {}) {
  const reader = new PullReader({
    aggregationTemporalitySelector: () => temporality,
    aggregationSelector: (type) => ({
      type: type === 'HISTOGRAM' && isExponential ? AggregationType.EXPONENTIAL_HISTOGRAM : AggregationType.DEFAULT,
    }),
  });
  const exemplars = createExemplars({ ...(filter && { filter }), ...(redact && { redact }) });
  const provider = exemplars.meterProvider(new MeterProvider({ readers: [reader], views }));
  const serialize = (request: ResourceMetrics, format: Format): Uint8Array =>
    exemplars.serializer(SERIALIZERS[format], format).serializeRequest(request) ?? new Uint8Array(0);
  const collect = async (): Promise<ResourceMetrics> => (await reader.collect()).resourceMetrics;
  const points = async (format: Format = 'protobuf') => {
    const body = serialize(await collect(), format);
    return decodedPoints(format === 'json' ? asProtobuf(body) : body);
  };
  /** Exemplars of each point, as value and trace. */
  const told = async (format?: Format) =>
    (await points(format)).map(({ exemplars: all }) =>
      all.map(({ value, traceId }) => [value, Number(`0x${traceId}`)]),
    );
  return { meter: provider.getMeter('shop', '1.2'), exemplars, collect, serialize, points, told };
}

function asProtobuf(body: Uint8Array): Uint8Array {
  return metricsFromJson(body);
}

function inSpan(n: number, flags = TraceFlags.SAMPLED): Context {
  const hex = n.toString(16);
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId: hex.padStart(32, '0'),
    spanId: hex.padStart(16, '0'),
    traceFlags: flags,
  });
}

describe.each<Format>(['protobuf', 'json'])('over OTLP as %s', (format) => {
  it.each([true, false])(
    'a histogram point shows the traces of its measurements (exponential: %s)',
    async (isExponential) => {
      const { meter, points } = rig({ isExponential });
      const histogram = meter.createHistogram('wait', { unit: 's' });
      context.with(inSpan(5), () => histogram.record(0.25, { a: 'x' }));
      histogram.record(3, { a: 'y' }, inSpan(6));
      const [x, y] = await points(format);
      expect(x?.exemplars).toMatchObject([
        {
          value: 0.25,
          isInteger: false,
          traceId: '5'.padStart(32, '0'),
          spanId: '5'.padStart(16, '0'),
          attributes: [],
        },
      ]);
      expect(y?.exemplars.map(({ value }) => value)).toEqual([3]);
      expect(x?.value).toMatchObject({ count: 1, sum: 0.25 });
      const { timeMs = NaN } = x?.exemplars[0] ?? {};
      expect(timeMs).toBeGreaterThanOrEqual(Math.floor(x?.startMs ?? NaN));
      expect(timeMs).toBeLessThanOrEqual(x?.timeMs ?? NaN);
    },
  );

  it('counters have one too, whole numbers where they count in those', async () => {
    const { meter, points } = rig();
    meter.createCounter('calls', { valueType: ValueType.INT }).add(2, {}, inSpan(7));
    meter.createCounter('sums').add(2.5, {}, inSpan(8));
    expect((await points(format)).map(({ exemplars }) => exemplars)).toMatchObject([
      [{ value: 2, isInteger: true, traceId: '7'.padStart(32, '0') }],
      [{ value: 2.5, isInteger: false, traceId: '8'.padStart(32, '0') }],
    ]);
  });

  it('what a view leaves out of the point is told by the exemplar', async () => {
    const views = [{ instrumentName: 'wait', attributesProcessors: [createAllowListAttributesProcessor(['a'])] }];
    const { meter, points } = rig({ views });
    const attributes = { 'user.id': 'ada', a: 'x', n: -3, f: 1.5, flag: true, list: ['p', 'q'] };
    meter.createHistogram('wait').record(1, attributes, inSpan(1));
    const [point] = await points(format);
    expect(point?.attributes).toEqual([['a', 'x']]);
    expect(Object.fromEntries(point?.exemplars[0]?.attributes ?? [])).toEqual({
      'user.id': 'ada',
      n: -3n,
      f: 1.5,
      flag: true,
      list: ['p', 'q'],
    });
  });

  it('what it tells beside its point is redacted, and nothing of the program with it', async () => {
    const views = [{ instrumentName: 'wait', attributesProcessors: [createAllowListAttributesProcessor([])] }];
    const measured = { token: 'hunter2', list: ['hunter2'] };
    const redact = (attributes: Record<string, unknown>): void => {
      attributes['token'] = 'REDACTED';
      (attributes['list'] as string[])[0] = 'REDACTED';
    };
    const { meter, points } = rig({ views, redact });
    meter.createHistogram('wait').record(1, measured, inSpan(1));
    expect((await points(format))[0]?.exemplars[0]?.attributes).toEqual([
      ['list', ['REDACTED']],
      ['token', 'REDACTED'],
    ]);
    expect(measured).toEqual({ token: 'hunter2', list: ['hunter2'] });
  });

  it('measures otherwise as the SDK does: without exemplars not a byte differs', async () => {
    const { meter, collect, serialize } = rig();
    const histogram = meter.createHistogram('wait', { description: 'd' });
    const up = meter.createUpDownCounter('up');
    meter.createObservableGauge('seen').addCallback((result) => result.observe(4));
    meter.createGauge('now').record(1, {}, inSpan(1));
    up.add(-1, {}, inSpan(1));
    histogram.record(1, { a: 'x' });
    const plain = await collect();
    expect(Buffer.from(serialize(plain, format))).toEqual(
      Buffer.from(SERIALIZERS[format].serializeRequest(plain) ?? []),
    );
  });
});

describe('the filter', () => {
  const measured = async (filter?: ExemplarFilter) => {
    const { meter, told } = rig(filter === undefined ? {} : { filter });
    const histogram = meter.createHistogram('wait');
    histogram.record(1, { in: 'nothing' }, ROOT_CONTEXT);
    histogram.record(2, { in: 'dropped' }, inSpan(2, TraceFlags.NONE));
    histogram.record(3, { in: 'sampled' }, inSpan(3));
    return told();
  };

  it('takes what was measured in sampled spans unless told otherwise', async () => {
    expect(await measured()).toEqual([[], [], [[3, 3]]]);
    expect(await measured('trace_based')).toEqual(await measured());
  });

  it('takes all or nothing where that is asked for', async () => {
    expect(await measured('always_on')).toEqual([[[1, NaN]], [[2, 2]], [[3, 3]]]);
    expect(await measured('always_off')).toEqual([[], [], []]);
  });

  it('lets every measurement through that the SDK takes, and every export', async () => {
    const views = [{ instrumentName: '*', attributesProcessors: [createAllowListAttributesProcessor(['kept'])] }];
    const { meter, points } = rig({ filter: 'always_on', views });
    const histogram = meter.createHistogram('h');
    const circular: unknown[] = [];
    circular.push(circular);
    histogram.record(1, { circular: circular as never }, inSpan(1));
    // Can be told apart, but not written.
    histogram.record(1, { big: 1n as never }, inSpan(1));
    histogram.record(1, {}, null as never);
    meter.createCounter('c', { valueType: ValueType.INT }).add(2 ** 70, {}, inSpan(1));
    for (let i = 0; i < 2; i++) expect(await points()).toHaveLength(2 - 2 * i);
  });

  it('offers nothing that the SDK refuses', async () => {
    const { meter, told } = rig({ filter: 'always_on' });
    const histogram = meter.createHistogram('wait');
    for (const value of [-1, NaN, Infinity, '5' as unknown as number]) histogram.record(value, {}, inSpan(1));
    meter.createCounter('calls').add(-1, {}, inSpan(1));
    histogram.record(1, {}, inSpan(2));
    expect(await told()).toEqual([[[1, 2]]]);
  });
});

describe('a series', () => {
  it('is one by what its attributes are, values and types, whatever their order', async () => {
    const { meter, told } = rig();
    const counter = meter.createCounter('calls');
    counter.add(1, { a: 'x', b: 1, l: [1, 2] }, inSpan(1));
    counter.add(2, { a: 'x', b: 2, l: [1, 2] }, inSpan(2));
    counter.add(3, { b: 1, l: [1, 2], a: 'y' }, inSpan(3));
    counter.add(4, { a: 'x', b: '1', l: [1, 2] }, inSpan(4));
    expect(await told()).toEqual([[[1, 1]], [[2, 2]], [[3, 3]], [[4, 4]]]);
    counter.add(5, { a: 'x', b: 1, l: [1, 2] }, inSpan(5));
    counter.add(6, { l: [1, 2], b: 1, a: 'x' }, inSpan(6));
    expect((await told())[0]).toEqual([
      [5, 5],
      [6, 6],
    ]);
  });

  it.each([AggregationTemporality.DELTA, AggregationTemporality.CUMULATIVE])(
    'shows each exemplar once, in the point that counted it first (temporality %s)',
    async (temporality) => {
      const { meter, told } = rig({ temporality });
      const histogram = meter.createHistogram('wait');
      histogram.record(1, {}, inSpan(1));
      expect(await told()).toEqual([[[1, 1]]]);
      histogram.record(2, {});
      expect(await told()).toEqual([[]]);
      histogram.record(3, {}, inSpan(3));
      expect(await told()).toEqual([[[3, 3]]]);
    },
  );

  it('keeps what is measured between a collection and its export for the next', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_800_000_000_000 });
    onTestFinished(() => void vi.useRealTimers());
    const { meter, collect, serialize, told } = rig();
    const histogram = meter.createHistogram('wait');
    histogram.record(1, {}, inSpan(1));
    const first = await collect();
    vi.setSystemTime(1_800_000_000_001);
    histogram.record(2, {}, inSpan(2));
    const [point] = decodedPoints(serialize(first, 'protobuf'));
    expect(point?.exemplars.map(({ value }) => value)).toEqual([1]);
    expect(await told()).toEqual([[[2, 2]]]);
  });

  it('has a few of many, the largest among them', async () => {
    const { meter, points } = rig();
    const histogram = meter.createHistogram('wait');
    const random = seeded(41);
    const values = Array.from({ length: 1000 }, () => pick(random, 1e6));
    for (const [i, value] of values.entries()) histogram.record(value, {}, inSpan(i + 1));
    const [point] = await points();
    const exemplars = point?.exemplars ?? [];
    expect(exemplars.length).toBeGreaterThanOrEqual(MAX_EXEMPLARS - 1);
    expect(exemplars.length).toBeLessThanOrEqual(MAX_EXEMPLARS);
    expect(exemplars.map(({ value }) => value)).toContain(Math.max(...values));
    for (const { value, traceId } of exemplars) expect(values[Number(`0x${traceId}`) - 1]).toBe(value);
  });

  it('has none where there are too many, and again after an export', async () => {
    const { meter, told } = rig();
    const counter = meter.createCounter('calls');
    for (let i = 0; i < 400; i++) counter.add(1, { i }, inSpan(i + 1));
    expect((await told()).filter((each) => each.length > 0)).toHaveLength(256);
    counter.add(1, { i: 399 }, inSpan(1));
    expect(await told()).toEqual([[[1, 1]]]);
  });
});
