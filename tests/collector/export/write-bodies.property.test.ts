// Bodies of both versions, decoded by protobufjs, against a naive conversion of the same points.
import { describe, expect, it } from 'vitest';
import type { DataPoint } from '../../../collector/src/model/data-point.ts';
import { encodeV2 } from '../../../collector/src/export/write-v2.ts';
import { dataPoint, exponentialOf, histogramOf, POINTS_BEGAN_MS } from '../../support/data-points.ts';
import { oneOf, pick, type Random, seeded } from '../../support/random.ts';
import { type DecodedHistogram, nameOf } from '../../support/write-schema.ts';
import { decoded, samplesOf } from '../../support/written-samples.ts';

const T = POINTS_BEGAN_MS + 10_000;

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
      // Times are exact to a quarter of a microsecond.
      const time = Math.floor(timeMs + 0.0005);
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
