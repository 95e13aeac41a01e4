import { describe, expect, it } from 'vitest';
import type { MetricFamily, MetricPoint } from '../../../collector/src/model/metric-family.ts';
import { exponentialOf, histogramOf } from '../../support/data-points.ts';
import { pageMessages, type PageOptions } from '../../support/metrics-page.ts';
import { METRIC_TYPES, type ReadFamily, readFamilies, type ReadMetric } from '../../support/prometheus-schema.ts';

const TRACE = '0123456789abcdef0123456789abcdef';
const example = (value: number, timestampMs: number) => ({
  traceId: TRACE,
  spanId: '0123456789abcdef',
  value,
  timestampMs,
});

function read(shape: Partial<MetricFamily>, options: PageOptions = {}): ReadFamily {
  const family: MetricFamily = { name: 'a.b', unit: 's', description: 'Words.', kind: 'gauge', points: [], ...shape };
  const [first] = readFamilies(pageMessages([family], options));
  if (first === undefined) throw new Error('no family');
  return first;
}

function only(kind: MetricFamily['kind'], point: Partial<MetricPoint>, options: PageOptions = {}): ReadMetric {
  const [first] = read({ kind, points: [{ attributes: {}, ...point }] }, options).metric;
  if (first === undefined) throw new Error('no metric');
  return first;
}

describe('a family', () => {
  it('has the name of its samples, its type, unit and labels', () => {
    const check = (kind: MetricFamily['kind'], name: string, type: (typeof METRIC_TYPES)[number]): void => {
      const family = read({ kind, points: [{ attributes: { 'x.y': 'é"\n' }, value: 3 }] });
      expect([family.name, METRIC_TYPES[family.type], family.unit, family.help]).toEqual([
        name,
        type,
        'seconds',
        'Words.',
      ]);
      expect(family.metric[0]?.label).toEqual([{ name: 'x_y', value: 'é"\n' }]);
    };
    check('counter', 'a_b_seconds_total', 'COUNTER');
    check('gauge', 'a_b_seconds', 'GAUGE');
    check('unknown', 'a_b_seconds', 'UNTYPED');
    check('info', 'a_b_seconds_info', 'GAUGE');
    check('summary', 'a_b_seconds', 'SUMMARY');
    check('histogram', 'a_b_seconds', 'HISTOGRAM');
  });

  it('has names with dots where they are asked for', () => {
    const points = [{ attributes: { 'x.y': 'z' }, value: 3 }];
    const { name, metric } = read({ kind: 'counter', points }, { names: 'allow-utf-8' });
    expect([name, metric[0]?.label[0]?.name]).toEqual(['a.b_seconds_total', 'x.y']);
  });
});

describe('values', () => {
  it('are exact, whatever they are', () => {
    for (const value of [0, -1.5, 2 ** 53 - 1, 2 ** 60, Infinity, -Infinity, Number.NaN])
      expect(only('gauge', { value }).gauge?.value).toBe(value);
  });

  it('of counters have example and beginning, and neither where they are held', () => {
    const point = { value: 3, createdMs: 1_800_000_000_250, exemplars: [example(1, 1_800_000_001_500)] };
    expect(only('counter', point).counter).toMatchObject({
      value: 3,
      exemplar: { value: 1, timestamp: { seconds: 1_800_000_001, nanos: 500_000_000 } },
      createdTimestamp: { seconds: 1_800_000_000, nanos: 250_000_000 },
    });
    const held = only('counter', point, { hold: () => true }).counter;
    expect([held?.value, held?.exemplar]).toEqual([0, undefined]);
  });

  it('of summaries have their quantiles', () => {
    const quantiles = [
      { quantile: 0.5, value: 1 },
      { quantile: 0.99, value: 7 },
    ];
    expect(only('summary', { summary: { type: 'summary', count: 4, sum: 9, quantiles } }).summary).toMatchObject({
      sampleCount: 4,
      sampleSum: 9,
      quantile: quantiles,
    });
  });
});

describe('a histogram', () => {
  const native = (values: number[], scale: number, zeroThreshold = 0) =>
    only('histogram', { exponential: exponentialOf(values, scale, zeroThreshold) }).histogram;

  it('in the classic shape has cumulative buckets, each with its newest example', () => {
    const { counts, bounds } = histogramOf([1, 2, 3, 9], [1, 5]);
    const exemplars = [example(2, 10), example(3, 20), example(9, 30)];
    const { histogram } = only('histogram', { histogram: { counts, bounds, sum: 15 }, exemplars });
    expect(histogram).toMatchObject({ sampleCount: 4, sampleSum: 15 });
    expect(
      histogram?.bucket.map(({ cumulativeCount, upperBound, exemplar }) => [
        upperBound,
        cumulativeCount,
        exemplar?.value,
      ]),
    ).toEqual([
      [1, 1, undefined],
      [5, 3, 3],
      [Infinity, 4, 9],
    ]);
    expect(histogram?.zeroThreshold).toBeUndefined();
  });

  it('is native where it is exponential, its buckets numbered by their upper bounds', () => {
    // At scale 0: (1, 2] holds 2, (2, 4] holds 3 and 4, (32, 64] holds 50.
    expect(native([2, 3, 4, 50, 0], 0)).toMatchObject({
      sampleCount: 5,
      sampleSum: 59,
      schema: 0,
      zeroCount: 1,
      zeroThreshold: 1e-128,
      positiveSpan: [
        { offset: 1, length: 2 },
        { offset: 3, length: 1 },
      ],
      positiveDelta: [1, 1, -1],
      negativeSpan: [],
    });
    expect(native([0.3, -0.3, -9], 0, 0.1)).toMatchObject({
      zeroThreshold: 0.1,
      positiveSpan: [{ offset: -1, length: 1 }],
      negativeSpan: [
        { offset: -1, length: 1 },
        { offset: 4, length: 1 },
      ],
    });
    // A small gap is filled with empty buckets.
    expect(native([2, 16], 0)).toMatchObject({
      positiveSpan: [{ offset: 1, length: 4 }],
      positiveDelta: [1, -1, 0, 1],
    });
  });

  it('has no more than the finest buckets Prometheus knows, and none coarser than it knows', () => {
    expect(native([1.5, 2.5], 12)?.schema).toBe(8);
    expect(native([1.5, 2.5], -4)?.schema).toBe(-4);
    const coarse = native([1.5, 1e9], -5);
    expect([coarse?.schema, coarse?.positiveSpan, coarse?.sampleCount]).toEqual([undefined, [], 2]);
    expect(coarse?.bucket.map(({ upperBound }) => upperBound)).toEqual([2 ** 32, Infinity]);
  });

  it('is native also where it is empty or held', () => {
    const exponential = exponentialOf([1.5, 2.5], 3);
    const { histogram } = only('histogram', { exponential, exemplars: [example(2, 10)] }, { hold: () => true });
    expect(histogram).toMatchObject({ sampleCount: 0, sampleSum: 0, schema: 3, positiveSpan: [], exemplars: [] });
    expect(histogram?.bucket.map(({ cumulativeCount }) => cumulativeCount)).toEqual([0, 0, 0]);
    expect(histogram?.zeroThreshold).toBe(1e-128);
  });

  it('counts in floats where counts are not whole', () => {
    const exponential = { ...exponentialOf([1.5, 2.5], 0), count: 2.5, positive: { offset: 0, counts: [1.25, 1.25] } };
    const { histogram } = only('histogram', { exponential });
    expect(histogram).toMatchObject({ sampleCountFloat: 2.5, positiveCount: [1.25, 1.25], positiveDelta: [] });
    expect(histogram?.bucket.at(-1)?.cumulativeCountFloat).toBe(2.5);
  });

  it('has its examples in order of time beside native buckets', () => {
    const exemplars = [example(2, 10), example(1, 20)];
    const { histogram } = only('histogram', { exponential: exponentialOf([1, 2], 0), exemplars });
    expect(histogram?.exemplars.map(({ value }) => value)).toEqual([2, 1]);
  });
});
