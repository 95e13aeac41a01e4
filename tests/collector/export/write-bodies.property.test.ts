// Bodies of both versions, decoded by protobufjs, against a naive conversion of the same points.
import { describe, expect, it } from 'vitest';
import type { DataPoint } from '../../../collector/src/model/data-point.ts';
import { encodeV1 } from '../../../collector/src/export/write-v1.ts';
import { encodeV2 } from '../../../collector/src/export/write-v2.ts';
import { type Sample, SampleWriter } from '../../../collector/src/export/written-series.ts';
import { snappy } from '../../../collector/src/export/snappy.ts';
import { dataPoint, exponentialOf, histogramOf, numberValue, POINTS_BEGAN_MS } from '../../support/data-points.ts';
import { oneOf, pick, type Random, seeded } from '../../support/random.ts';
import { type DecodedHistogram, type DecodedWrite, decodeWrite, nameOf } from '../../support/write-schema.ts';

const T = POINTS_BEGAN_MS + 10_000;
const ALL = { hasNative: true, hasExemplars: true };

function writerOf(options: object = {}): SampleWriter {
  return new SampleWriter({ ...ALL, externalLabels: {}, sinceMs: Infinity, forgetAfterMs: 600_000, ...options });
}

function samplesOf(points: readonly DataPoint[], writer = writerOf()): Sample[] {
  return points.flatMap((point) => writer.take(point, 0) ?? []);
}

function decoded(samples: readonly Sample[], version: '1.0' | '2.0'): DecodedWrite {
  const body = version === '1.0' ? encodeV1(samples) : encodeV2(samples, { hasMetadata: true });
  const type =
    version === '1.0' ? 'application/x-protobuf' : 'application/x-protobuf;proto=io.prometheus.write.v2.Request';
  return decodeWrite({ headers: { 'content-type': type }, raw: Buffer.from(snappy.compress(body)) });
}

type Expected = Map<string, { timeMs: number; value: number | DecodedHistogram }[]>;

/** What the rules say, without any of the code under test. Names are chosen so that they need no translation. */
function naive(points: readonly DataPoint[]): Expected {
  const expected: Expected = new Map();
  const last = new Map<string, number>();
  for (const { metric, attributes, value, timeMs } of points) {
    const service = metric.resource.attributes.find(([key]) => key === 'service.name')?.[1] as string;
    const labels: [string, string][] = [
      ['job', service],
      ...attributes.map(([key, each]): [string, string] => [key, String(each)]),
    ];
    const put = (suffix: string, told: number | DecodedHistogram, extra: [string, string][] = []): void => {
      const all: [string, string][] = [...labels, ...extra, ['__name__', metric.name + suffix]];
      const name = nameOf(all.sort(([a], [b]) => (a < b ? -1 : 1)));
      const time = Math.floor(timeMs);
      if (time <= (last.get(name) ?? -1)) return;
      last.set(name, time);
      expected.set(name, [...(expected.get(name) ?? []), { timeMs: time, value: told }]);
    };
    if (value.type === 'number') put(metric.isMonotonic ? '_total' : '', value.value);
    if (value.type === 'histogram') {
      let sum = 0;
      value.counts.forEach((count, i) => {
        sum += count;
        const bound = value.bounds[i];
        const le = bound === undefined ? '+Inf' : Number.isInteger(bound) ? `${bound}.0` : `${bound}`;
        put('_bucket', sum, [['le', le]]);
      });
      put('_sum', value.sum ?? NaN);
      put('_count', value.count);
    }
    if (value.type === 'summary') {
      for (const { quantile, value: at } of value.quantiles)
        put('', at, [['quantile', Number.isInteger(quantile) ? `${quantile}.0` : `${quantile}`]]);
      put('_sum', value.sum);
      put('_count', value.count);
    }
    if (value.type === 'exponential_histogram') {
      // Of a scale that native histograms have, buckets are the same with numbers of their upper bound.
      const side = ({ offset, counts }: typeof value.positive): Record<number, number> =>
        Object.fromEntries(counts.flatMap((count, i) => (count === 0 ? [] : [[offset + i + 1, count]])));
      put('', {
        count: value.count,
        sum: value.sum ?? NaN,
        schema: value.scale,
        zeroThreshold: value.zeroThreshold || 1e-128,
        zeroCount: value.zeroCount,
        positive: side(value.positive),
        negative: side(value.negative),
      });
    }
  }
  return expected;
}

function randomPoint(random: Random, step: number): DataPoint {
  const values = Array.from(
    { length: pick(random, 30) },
    () => Math.exp(random() * 20 - 10) * (random() < 0.2 ? -1 : 1),
  );
  const positive = values.map(Math.abs);
  const attributes = random() < 0.5 ? {} : { zone: oneOf(random, ['a', 'b', 'ü"\\\n']), Area: String(pick(random, 2)) };
  const shape = { service: oneOf(random, ['shop', 'bank']), attributes, timeMs: T + step * 500 + random() * 1000 };
  const n = pick(random, 2);
  return oneOf(random, [
    () => dataPoint({ ...shape, name: `calls${n}`, value: pick(random, 2 ** 31) * 4_000_000 }),
    () => dataPoint({ ...shape, name: `depth${n}`, isMonotonic: false, value: random() * 100 - 50 }),
    () => dataPoint({ ...shape, name: `heat${n}`, kind: 'gauge', value: oneOf(random, [0, -0.5, Infinity, 1e300]) }),
    () => dataPoint({ ...shape, name: `size${n}`, value: histogramOf(positive, [0.5, 1, 25]) }),
    () => dataPoint({ ...shape, name: `time${n}`, value: exponentialOf(values, pick(random, 13) - 4, 0.001) }),
    () =>
      dataPoint({
        ...shape,
        name: `wait${n}`,
        value: {
          type: 'summary',
          count: values.length,
          sum: 7.5,
          quantiles: [0.5, 0.99, 1].map((quantile) => ({ quantile, value: quantile * 3 })),
        },
      }),
  ])();
}

describe('bodies of random points', () => {
  it.each(['1.0', '2.0'] as const)('say in %s what a naive conversion says', (version) => {
    for (let seed = 1; seed <= 6; seed++) {
      const random = seeded(seed);
      const points = Array.from({ length: 150 }, (_, step) => randomPoint(random, step));
      const { series } = decoded(samplesOf(points), version);
      const found: Expected = new Map();
      for (const { name, samples } of series) {
        const plain = samples.map(({ timeMs, value }) => ({ timeMs, value }));
        found.set(name, [...(found.get(name) ?? []), ...plain]);
      }
      expect(found).toEqual(naive(points));
    }
  });

  it('hold each text once in 2.0, and the empty one first', () => {
    const random = seeded(9);
    const points = Array.from({ length: 100 }, (_, step) => randomPoint(random, step));
    const body = Buffer.from(encodeV2(samplesOf(points), { hasMetadata: true }));
    expect([body[0], body[1]]).toEqual([0x22, 0]);
    expect(body.toString('latin1').split('bank').length - 1).toBe(1);
  });
});

describe('samples', () => {
  const bitsOf = (samples: readonly Sample[], version: '1.0' | '2.0'): string =>
    Buffer.from(version === '1.0' ? encodeV1(samples) : encodeV2(samples, { hasMetadata: false })).toString('hex');

  it.each(['1.0', '2.0'] as const)('end by the very NaN that means so in %s', (version) => {
    const ended = (point: DataPoint): string => {
      const writer = writerOf();
      samplesOf([point], writer);
      return bitsOf(samplesOf([{ ...point, timeMs: T + 1, hasNoValue: true }], writer), version);
    };
    // Field 1 of a sample, field 3 of a histogram; little-endian.
    expect(ended(dataPoint({ timeMs: T }))).toContain('09020000000000f07f');
    expect(ended(dataPoint({ timeMs: T, value: exponentialOf([1, 2], 3) }))).toContain('19020000000000f07f');
    const buckets = ended(dataPoint({ timeMs: T, value: histogramOf([1], [1, 2]) }));
    expect(buckets.split('09020000000000f07f')).toHaveLength(6);
    expect(bitsOf(samplesOf([dataPoint({ kind: 'gauge', value: numberValue(NaN, false) })]), version)).toContain(
      '09000000000000f87f',
    );
  });

  it('say nothing of the end of what was never pushed', () => {
    expect(writerOf().take(dataPoint({ hasNoValue: true }), 0)).toBeUndefined();
  });

  it('begin at 0 where the counter began while we watched, and only there', () => {
    const watched = (startMs: number, sinceMs = T - 5000, value: DataPoint['value'] = numberValue(4)): unknown[] =>
      samplesOf([dataPoint({ startMs, timeMs: T, value })], writerOf({ sinceMs })).map(({ timeMs, value: at }) => [
        timeMs,
        at,
      ]);
    expect(watched(T - 4000)).toEqual([
      [T - 4000, 0],
      [T, 4],
    ]);
    expect(watched(T)).toEqual([
      [T - 1, 0],
      [T, 4],
    ]);
    // In mid-life, or nobody knows; or at 0 by itself.
    expect(watched(T - 6000)).toEqual([[T, 4]]);
    expect(watched(0)).toEqual([[T, 4]]);
    expect(watched(T - 4000, T - 5000, numberValue(0))).toEqual([[T, 0]]);
    const level = dataPoint({ kind: 'gauge', startMs: T - 1000, timeMs: T, value: 4 });
    expect(samplesOf([level], writerOf({ sinceMs: 0 }))).toHaveLength(1);
    const histogram = watched(T - 4000, T - 5000, histogramOf([1, 3], [2]));
    expect(histogram).toEqual([
      ...[0, 0, 0, 0].map((zero) => [T - 4000, zero]),
      ...[1, 2, 4, 2].map((value) => [T, value]),
    ]);
  });

  it('begin at 0 again where a counter began again', () => {
    const points = [
      dataPoint({ startMs: 1, timeMs: T, value: 9 }),
      dataPoint({ startMs: T + 2000, timeMs: T + 3000, value: 11 }),
      dataPoint({ startMs: T + 2000, timeMs: T + 4000, value: 12 }),
    ];
    expect(samplesOf(points).map(({ timeMs, value, startMs }) => [timeMs - T, value, startMs])).toEqual([
      [0, 9, 1],
      [2000, 0, T + 2000],
      [3000, 11, T + 2000],
      [4000, 12, T + 2000],
    ]);
  });

  it('are never older than, or as old as, what went before', () => {
    const times = [5, 3, 5, 5.9, 6, 7].map((ms) => dataPoint({ kind: 'gauge', timeMs: T + ms, value: ms }));
    expect(samplesOf(times).map(({ value }) => value)).toEqual([5, 6, 7]);
  });

  it('keep the millisecond of a time that came in nanoseconds', () => {
    for (let ms = 0; ms < 1000; ms++) {
      // As a door reads it: in doubles, a little off.
      const timeMs = Number(BigInt(T + ms) * 1_000_000n) / 1e6;
      const [sample] = samplesOf([dataPoint({ kind: 'gauge', timeMs: timeMs - 0.00025 })]);
      expect(sample?.timeMs).toBe(T + ms);
    }
  });

  it('end the buckets of bounds that are no more', () => {
    const one = dataPoint({ startMs: 0, timeMs: T, value: histogramOf([1], [1, 2]) });
    const other = dataPoint({ startMs: 0, timeMs: T + 1, value: histogramOf([1], [1, 4]) });
    const writer = writerOf();
    samplesOf([one], writer);
    const told = samplesOf([other], writer).map(({ series, value }) => [
      series.labels.find(([key]) => key === 'le')?.[1],
      value,
    ]);
    expect(told).toEqual([
      ['2.0', 'stale'],
      ['1.0', 1],
      ['4.0', 1],
      ['+Inf', 1],
      [undefined, 1],
      [undefined, 1],
    ]);
  });

  it('of exponential histograms are classic ones where native ones are off', () => {
    const point = dataPoint({ name: 'time', startMs: 0, timeMs: T, value: exponentialOf([1, 3, 3], 2) });
    const names = samplesOf([point], writerOf({ hasNative: false })).map(
      ({ series }) => series.labels.find(([key]) => key === '__name__')?.[1],
    );
    expect(new Set(names)).toEqual(new Set(['time_bucket', 'time_sum', 'time_count']));
  });

  it('carry each exemplar once, with the bucket it fell into', () => {
    const exemplar = (value: number, ms: number) => {
      return {
        value,
        isInteger: false,
        timeMs: T + ms,
        traceId: 'ab'.repeat(16),
        spanId: 'cd'.repeat(8),
        attributes: [],
      };
    };
    const writer = writerOf();
    const point = (ms: number, ...exemplars: ReturnType<typeof exemplar>[]) =>
      dataPoint({ startMs: 0, timeMs: T + ms, value: histogramOf([1, 3], [2]), exemplars });
    const told = (samples: readonly Sample[]): unknown =>
      decoded(samples, '2.0').series.flatMap(({ name, exemplars }) =>
        exemplars.map((each) => [/le="(.*?)"/.exec(name)?.[1], each]),
      );
    const labels = `span_id=${'cd'.repeat(8)},trace_id=${'ab'.repeat(16)}`;
    expect(told(samplesOf([point(10, exemplar(1, 3), exemplar(3, 5))], writer))).toEqual([
      ['2.0', { labels, value: 1, timeMs: T + 3 }],
      ['+Inf', { labels, value: 3, timeMs: T + 5 }],
    ]);
    expect(told(samplesOf([point(20, exemplar(1, 3), exemplar(3, 15))], writer))).toEqual([
      ['+Inf', { labels, value: 3, timeMs: T + 15 }],
    ]);
    expect(told(samplesOf([point(10, exemplar(1, 3))], writerOf({ hasExemplars: false })))).toEqual([]);
  });

  it('say what a source is, now and then', () => {
    const { resource } = dataPoint({ instance: 'a', resource: { 'host.name': 'h' } }).metric;
    const writer = writerOf();
    const names = (timeMs: number): string[] =>
      decoded(writer.target(resource, timeMs), '1.0').series.map(({ name }) => name);
    expect(names(T)).toEqual(['target_info{host_name="h",instance="a",job="shop"}']);
    expect(names(T + 59_999)).toEqual([]);
    expect(names(T + 60_000)).toHaveLength(1);
    expect(writer.target(dataPoint({ instance: 'a' }).metric.resource, T)).toEqual([]);
  });
});
