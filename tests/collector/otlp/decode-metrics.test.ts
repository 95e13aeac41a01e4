import { describe, expect, it } from 'vitest';
import type { DataPoint } from '../../../collector/src/model/data-point.ts';
import { AttributeMemory } from '../../../collector/src/otlp/attribute-memory.ts';
import { MetricsDecoder } from '../../../collector/src/otlp/decode-metrics.ts';
import { Malformed } from '../../../collector/src/otlp/malformed.ts';
import { metricsBody } from '../../support/metric-traffic.ts';
import { varintBytes } from '../../support/wire-tree.ts';

const NOW_MS = 1_800_000_000_123;
const memory = new AttributeMemory();

function decode(body: Uint8Array): { points: DataPoint[]; rejected: number; pieces: number } {
  const decoder = new MetricsDecoder(body, NOW_MS, memory);
  const pieces = [...decoder.pieces()];
  const points = pieces.flat();
  expect(decoder.accepted).toBe(points.length);
  return { points, rejected: decoder.rejected, pieces: pieces.length };
}

function bodyOf(metric: Record<string, unknown>): Buffer {
  return metricsBody({ resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: 'm', ...metric }] }] }] });
}

/** Says whether a point is taken, one that stands between two sound ones. */
function isTaken(kind: string, sound: object, point: object, shape: object = {}): boolean {
  const { points, rejected } = decode(bodyOf({ [kind]: { dataPoints: [sound, point, sound], ...shape } }));
  expect(points.length + rejected).toBe(3);
  expect(points.length).toBeGreaterThanOrEqual(2);
  return rejected === 0;
}

const DELTA = { aggregationTemporality: 1 };

describe('a point that contradicts itself is left out, its neighbours stay:', () => {
  it('numbers', () => {
    const check = (kind: string, point: object, taken: boolean): void =>
      expect(isTaken(kind, { asInt: 1 }, point, kind === 'sum' ? DELTA : {}), JSON.stringify(point)).toBe(taken);
    for (const kind of ['gauge', 'sum']) {
      check(kind, { asDouble: -1.5 }, true);
      check(kind, { asDouble: Infinity }, kind === 'gauge');
      check(kind, {}, false);
      check(kind, { flags: 1 }, true);
      check(kind, { flags: 2 }, false);
    }
    check('gauge', { asDouble: NaN }, true);
    check('sum', { asDouble: NaN }, false);
    const grows = (point: object, taken: boolean): void =>
      expect(isTaken('sum', { asInt: 1 }, point, { ...DELTA, isMonotonic: true }), JSON.stringify(point)).toBe(taken);
    grows({ asDouble: 0 }, true);
    grows({ asDouble: -0.5 }, false);
    grows({ asInt: -1 }, false);
    check('sum', { asDouble: NaN, flags: 1 }, true);
  });

  it('histograms', () => {
    const sound = { count: 3, sum: 1, bucketCounts: [1, 2], explicitBounds: [0] };
    const check = (point: object, taken: boolean): void =>
      expect(isTaken('histogram', sound, point, DELTA), JSON.stringify(point)).toBe(taken);
    check({ count: 3, bucketCounts: [], explicitBounds: [] }, true);
    check({ count: 3, bucketCounts: [3], explicitBounds: [] }, true);
    check({ count: 3, bucketCounts: [1, 1, 1], explicitBounds: [-1, 1] }, true);
    check({ count: 3, bucketCounts: [], explicitBounds: [1] }, false);
    check({ count: 3, bucketCounts: [1, 2], explicitBounds: [] }, false);
    check({ count: 4, bucketCounts: [1, 2], explicitBounds: [0] }, false);
    check({ count: 3, bucketCounts: [1, 1, 1], explicitBounds: [1, 1] }, false);
    check({ count: 3, bucketCounts: [1, 1, 1], explicitBounds: [1, 0] }, false);
    check({ count: 3, bucketCounts: [1, 1, 1], explicitBounds: [NaN, 0] }, false);
    check({ count: 3, bucketCounts: [1, 1, 1], explicitBounds: [0, NaN] }, false);
    for (const key of ['sum', 'min', 'max']) check({ ...sound, [key]: NaN }, false);
    check({ count: 4, bucketCounts: [1, 2], explicitBounds: [0], flags: 1 }, true);
  });

  it('exponential histograms', () => {
    const side = { offset: 3, bucketCounts: [1, 0, 1] };
    const sound = { count: 3, sum: 1, scale: 2, zeroCount: 1, positive: side };
    const check = (change: object, taken: boolean): void =>
      expect(isTaken('exponentialHistogram', sound, { ...sound, ...change }, DELTA), JSON.stringify(change)).toBe(
        taken,
      );
    check({ scale: 20 }, true);
    check({ scale: -10, positive: { offset: 0, bucketCounts: [2] } }, true);
    check({ scale: 21 }, false);
    check({ scale: -11 }, false);
    check({ count: 4 }, false);
    check({ count: 5, negative: side }, true);
    for (const zeroThreshold of [NaN, -1, Infinity]) check({ zeroThreshold }, false);
    check({ sum: NaN }, false);
    // What is in a bucket has to be some double: 2^-1074 is the smallest, 2^1024 is beyond the largest.
    check({ scale: 0, positive: { offset: -1075, bucketCounts: [2] } }, true);
    check({ scale: 0, positive: { offset: -1076, bucketCounts: [2] } }, false);
    check({ scale: 0, positive: { offset: 1023, bucketCounts: [2] } }, true);
    check({ scale: 0, positive: { offset: 1022, bucketCounts: [1, 0, 1] } }, false);
    check({ scale: 0, positive: { offset: 2 ** 31 - 1, bucketCounts: [1, 1] } }, false);
    check({ scale: 0, positive: { offset: -(2 ** 31), bucketCounts: [1, 1] } }, false);
    // Empty buckets hold nothing that could be wrong.
    check({ scale: 0, positive: { offset: 1022, bucketCounts: [2, 0, 0, 0] } }, true);
    check({ count: 1, positive: { offset: 2 ** 31 - 1, bucketCounts: [] } }, true);
  });

  it('summaries', () => {
    const quantile = (...list: number[]): object => ({
      quantileValues: list.map((each) => ({ quantile: each, value: NaN })),
    });
    const check = (point: object, taken: boolean): void =>
      expect(isTaken('summary', { count: 1, sum: 2 }, point), JSON.stringify(point)).toBe(taken);
    check(quantile(1, 0, 0.5), true);
    check(quantile(-0.1), false);
    check(quantile(1.1), false);
    check(quantile(NaN), false);
    check({ sum: NaN }, false);
  });

  it('all of a metric without a name or a temporality', () => {
    const dataPoints = [{ asInt: 1 }, { asInt: 2 }];
    const check = (metric: object, accepted: number): void => {
      const { points, rejected } = decode(bodyOf(metric as Record<string, unknown>));
      expect([points.length, rejected]).toEqual([accepted, 2 - accepted]);
    };
    check({ name: '', gauge: { dataPoints } }, 0);
    check({ gauge: { dataPoints } }, 2);
    for (const aggregationTemporality of [0, 3, -1]) check({ sum: { dataPoints, aggregationTemporality } }, 0);
    for (const aggregationTemporality of [1, 2]) check({ sum: { dataPoints, aggregationTemporality } }, 2);
    check({ histogram: { dataPoints: [{}, {}] } }, 0);
    check({ exponentialHistogram: { dataPoints: [{}, {}] } }, 0);
  });
});

describe('a point', () => {
  it('has the time of its arrival where it names none', () => {
    const { points } = decode(bodyOf({ gauge: { dataPoints: [{ asInt: 1 }, { asInt: 2, timeUnixNano: '1' }] } }));
    expect(points.map(({ timeMs }) => timeMs)).toEqual([NOW_MS, 1e-6]);
  });

  it('of a histogram with a last bound of infinity has one bucket less', () => {
    const dataPoints = [{ count: 6, bucketCounts: [1, 2, 3], explicitBounds: [4, Infinity] }];
    const { points } = decode(bodyOf({ histogram: { dataPoints, ...DELTA } }));
    expect(points[0]?.value).toMatchObject({ count: 6, bounds: [4], counts: [1, 5] });
  });

  it('keeps bytes of attributes when the body is overwritten', () => {
    const attributes = [{ key: 'bytes', value: { bytesValue: Buffer.from('first') } }];
    const body = bodyOf({ gauge: { dataPoints: [{ asInt: 1, attributes }] } });
    const { points } = decode(body);
    body.fill(0);
    expect(points[0]?.attributes).toEqual([['bytes', Buffer.from('first')]]);
  });

  it('shares its attributes with others that have the same', () => {
    const attributes = ['b', 'a'].map((key) => ({ key, value: { stringValue: key } }));
    const body = bodyOf({
      gauge: {
        dataPoints: [
          { asInt: 1, attributes },
          { asInt: 2, attributes },
        ],
      },
    });
    const [first, second] = [...decode(body).points, ...decode(body).points.slice(0, 1)];
    expect(first?.attributes).toEqual([
      ['a', 'a'],
      ['b', 'b'],
    ]);
    expect(second?.attributes).toBe(first?.attributes);
  });
});

function framed(field: number, content: Uint8Array): Buffer {
  return Buffer.concat([varintBytes(BigInt(field * 8 + 2)), varintBytes(BigInt(content.length)), content]);
}

describe('what a sender makes large', () => {
  const tiny = framed(1, Buffer.concat([Buffer.from([0x31]), Buffer.alloc(8)]));
  const gauge = (...points: Buffer[]): Buffer =>
    framed(2, Buffer.concat([framed(1, Buffer.from('m')), framed(5, Buffer.concat(points))]));
  const request = (resource: Buffer, metric: Buffer): Buffer => framed(1, Buffer.concat([resource, framed(2, metric)]));
  const none = Buffer.alloc(0);
  const emptyPairs = (field: number, count: number): Buffer => Buffer.alloc(2 * count, Buffer.from([field * 8 + 2, 0]));

  it('is left out where one point, resource, scope or metadata would become too many objects', () => {
    const huge = (field: number): Buffer => emptyPairs(field, 140_000);
    const check = (body: Buffer, accepted: number, rejected: number): void => {
      const { points, ...outcome } = decode(body);
      expect([points.length, outcome.rejected]).toEqual([accepted, rejected]);
    };
    check(request(none, gauge(tiny, framed(1, huge(7)), tiny)), 2, 1);
    check(Buffer.concat([request(framed(1, huge(1)), gauge(tiny)), request(none, gauge(tiny))]), 1, 1);
    check(request(none, Buffer.concat([framed(1, huge(3)), gauge(tiny, tiny)])), 0, 2);
    check(request(none, framed(2, Buffer.concat([framed(1, Buffer.from('m')), framed(5, tiny), huge(12)]))), 0, 1);
    const small = emptyPairs(7, 100_000);
    check(request(none, gauge(framed(1, Buffer.concat([small, Buffer.from([0x31]), Buffer.alloc(8)])))), 1, 0);
  });

  it('comes in pieces, by points and by bytes, and where nothing in it is a point', () => {
    const check = (body: Buffer, pieces: number, points: number): void => {
      const outcome = decode(body);
      expect([outcome.pieces, outcome.points.length]).toEqual([pieces, points]);
    };
    check(request(none, gauge(...Array.from({ length: 4001 }, () => tiny))), 3, 4001);
    const wide = framed(1, Buffer.concat([emptyPairs(7, 50_000), Buffer.from([0x31]), Buffer.alloc(8)]));
    check(request(none, gauge(wide, wide, wide)), 3, 3);
    check(Buffer.alloc(256 * 1024, Buffer.from([0x0a, 0])), 4, 0);
  });

  it('nests to the depth that spans may nest to, and no deeper', () => {
    const nested = (depth: number): Buffer => {
      let value: Uint8Array = Buffer.from([0x10, 1]);
      for (let i = 0; i < depth; i++) value = framed(5, framed(1, value));
      const pair = framed(7, Buffer.concat([framed(1, Buffer.from('deep')), framed(2, value)]));
      return request(none, gauge(framed(1, Buffer.concat([Buffer.from([0x31]), Buffer.alloc(8), pair]))));
    };
    // Request, resource, scope, metric, data, point, pair, value: the value is the seventh below the request.
    expect(decode(nested(12)).points).toHaveLength(1);
    expect(() => decode(nested(13))).toThrow(Malformed);
    expect(() => decode(nested(2000))).toThrow(Malformed);
  });
});
