// What is pushed of a series: in order, once, beginning at 0 where it began, and ended where it ended.
import { describe, expect, it } from 'vitest';
import type { DataPoint } from '../../../collector/src/model/data-point.ts';
import { encodeV1 } from '../../../collector/src/export/write-v1.ts';
import { encodeV2 } from '../../../collector/src/export/write-v2.ts';
import type { Sample } from '../../../collector/src/export/written-series.ts';
import { dataPoint, exponentialOf, histogramOf, numberValue, POINTS_BEGAN_MS } from '../../support/data-points.ts';
import { decoded, samplesOf, writerOf } from '../../support/written-samples.ts';

const T = POINTS_BEGAN_MS + 10_000;

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

  it('of two sources under the same labels are those of one that counts, and the newest of levels', () => {
    const writer = writerOf();
    const from = (pid: number, shape: object): DataPoint =>
      dataPoint({ resource: { 'process.pid': BigInt(pid) }, ...shape });
    const told = (point: DataPoint): unknown => {
      const taken = writer.take(point, 0);
      return taken?.samples.length === 0 ? taken.reason : taken?.samples.map(({ value }) => value);
    };
    const count = (pid: number, ms: number, value: number, startMs = 1) =>
      told(from(pid, { startMs, timeMs: T + ms, value }));
    expect([count(1, 0, 100), count(2, 1, 5), count(1, 2, 101), count(2, 3, 6)]).toEqual([
      [100],
      'label_conflict',
      [101],
      'label_conflict',
    ]);
    // Started after the last of the other: it goes on where that ended, and that one counts no more.
    expect([count(3, 20, 4, T + 10), count(1, 30, 102)]).toEqual([[4], 'label_conflict']);
    expect(count(1, 400_000, 103)).toEqual([103]);
    const level = (pid: number, ms: number) =>
      told(from(pid, { name: 'level', kind: 'gauge', timeMs: T + ms, value: pid }));
    expect([level(1, 0), level(2, 1), level(1, 2), level(2, 2)]).toEqual([[1], [2], [1], 'not_newer']);
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
