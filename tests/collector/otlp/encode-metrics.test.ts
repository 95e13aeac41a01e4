import { describe, expect, it } from 'vitest';
import type { DataPoint } from '../../../collector/src/model/data-point.ts';
import { encodeMetrics } from '../../../collector/src/otlp/encode-metrics.ts';
import { dataPoint, type PointShape } from '../../support/data-points.ts';
import { MetricsRequest8 } from '../../support/otlp-metrics-schema.ts';

/** What protobufjs makes of a message; a test that reads what is not there fails by what it gets. */
interface Plain {
  readonly asInt?: string;
  readonly asDouble?: number;
  readonly count?: string;
  readonly bucketCounts?: string[];
  readonly positive?: Plain;
  readonly startTimeUnixNano?: string;
  readonly timeUnixNano?: string;
  readonly dataPoints?: Plain[];
  readonly name?: string;
  readonly scope?: Plain;
  readonly sum?: Plain;
  readonly metrics?: Plain[];
  readonly scopeMetrics?: Plain[];
  readonly resourceMetrics?: Plain[];
  readonly resource?: { readonly attributes: { readonly value: { readonly stringValue: string } }[] };
}

function decoded(points: readonly DataPoint[]): Plain[] {
  return encodeMetrics(points).map(
    ({ body }) => MetricsRequest8.toObject(MetricsRequest8.decode(body), { longs: String }) as Plain,
  );
}

function written(shape: PointShape): Plain {
  const metric = decoded([dataPoint(shape)])[0]?.resourceMetrics?.[0]?.scopeMetrics?.[0]?.metrics?.[0];
  const data = Object.values(metric ?? {}).find((value: Plain) => value.dataPoints !== undefined) as Plain | undefined;
  return data?.dataPoints?.[0] ?? {};
}

describe('a number that fits nowhere', () => {
  const integer = (value: number): PointShape => ({ value: { type: 'number', value, isInteger: true } });

  it('is written as the nearest that fits, and never stops a request', () => {
    const check = (value: number, asInt: string): void => expect(written(integer(value)).asInt).toBe(asInt);
    check(1e300, '9223372036854775807');
    check(2 ** 63, '9223372036854775807');
    check(2 ** 63 - 1024, '9223372036854774784');
    check(-1e300, '-9223372036854775808');
    check(-(2 ** 63), '-9223372036854775808');
    check(2 ** 53, '9007199254740992');
    check(-1, '-1');
    check(-(2 ** 32), '-4294967296');
    check(-0, '0');
  });

  it('is written as a double where it is no integer, whatever it claims', () => {
    for (const value of [1.5, NaN, Infinity, -Infinity]) expect(written(integer(value)).asDouble).toBe(value);
  });

  it('counts nothing below zero and at most 2^64 - 1', () => {
    const check = (count: number, expected: string): void => {
      const buckets = { offset: 0, counts: [count] };
      const statistics = { count, sum: 0, min: undefined, max: undefined };
      const zero = { scale: 0, zeroCount: count, zeroThreshold: 0 };
      const point = written({
        value: { type: 'exponential_histogram', ...statistics, ...zero, positive: buckets, negative: buckets },
      });
      expect([point.count ?? '0', point.positive?.bucketCounts]).toEqual([expected, [expected]]);
      const classic = written({ value: { type: 'histogram', ...statistics, bounds: [], counts: [count] } });
      expect([classic.count ?? '0', classic.bucketCounts]).toEqual([expected, [expected]]);
    };
    check(2 ** 64, '18446744073709551615');
    check(1e300, '18446744073709551615');
    check(2 ** 53 + 2, '9007199254740994');
    check(2.6, '3');
    check(-5, '0');
    check(NaN, '0');
  });

  it('is a time of zero or of the far end', () => {
    const times = (startMs: number, timeMs: number): unknown[] => {
      const { startTimeUnixNano, timeUnixNano } = written({ startMs, timeMs });
      return [startTimeUnixNano ?? '0', timeUnixNano ?? '0'];
    };
    expect(times(0, 1_800_000_000_123.25)).toEqual(['0', '1800000000123250000']);
    expect(times(-5, 1e300)).toEqual(['0', '18446744073709551615']);
    expect(times(2 ** 64 / 1e6, NaN)).toEqual(['18446744073709551615', '0']);
  });
});

describe('a request', () => {
  it('encloses points of one resource, scope and metric once, in the order in which each comes first', () => {
    const shapes = ['a', 'b', 'a', 'c', 'b'].map((service, i) => ({
      service,
      name: `m${i % 2}`,
      scopeName: `s${i % 3}`,
    }));
    const points = shapes.map(dataPoint);
    const [request] = decoded([...points, ...points]);
    const names = request?.resourceMetrics?.map(({ resource, scopeMetrics }) => [
      resource?.attributes[0]?.value.stringValue,
      scopeMetrics?.map(({ scope, metrics }) => [
        scope?.name,
        metrics?.map(({ name, sum }) => [name, sum?.dataPoints?.length]),
      ]),
    ]);
    expect(names).toEqual([
      [
        'a',
        [
          ['s0', [['m0', 2]]],
          ['s2', [['m0', 2]]],
        ],
      ],
      [
        'b',
        [
          [
            's1',
            [
              ['m1', 2],
              ['m0', 2],
            ],
          ],
        ],
      ],
      ['c', [['s0', [['m1', 2]]]]],
    ]);
  });

  it('ends with the point that makes it large, and the next goes on in the same metric', () => {
    const attributes = { blob: 'x'.repeat(1_000_000) };
    const points = Array.from({ length: 10 }, (_, value) => dataPoint({ value, attributes }));
    const requests = encodeMetrics(points);
    expect(requests.map(({ points: count }) => count)).toEqual([4, 4, 2]);
    expect(decoded(points).map((request) => request.resourceMetrics?.length)).toEqual([1, 1, 1]);
    expect(encodeMetrics([])).toEqual([]);
  });
});
