// Differences of series that grow, are forgotten, and give their place to others.
import { expect, it } from 'vitest';
import { SpanMetrics } from '../../../collector/src/measure/span-metrics.ts';
import { DayOperations } from '../../../collector/src/report/day-operations.ts';
import { SeriesGrowth } from '../../../collector/src/report/series-growth.ts';
import { releaseBatch, testIntake } from '../../support/intake.ts';
import { testSpan } from '../../support/test-span.ts';
import { bodyOf } from '../../support/traffic.ts';

const TTL_MS = 1000;

function rig(maxOperations = 100, maxSeries = 10) {
  const metrics = new SpanMetrics({ maxSeries, seriesTtlMs: TTL_MS, boundsNs: [], dimensions: 0, seed: 1 });
  const intake = testIntake();
  const growth = new SeriesGrowth(metrics, (row) => {
    const { service, name, packed } = metrics.keyOf(row);
    const text = (id: number): string => metrics.strings.texts[id] ?? '';
    const isOverflow = packed >= 64;
    return { service: text(service), name: isOverflow ? '' : text(name), kind: '', isError: ((packed >> 3) & 3) === 2 };
  });
  let operations = new DayOperations(maxOperations);
  return {
    metrics,
    call(nowMs: number, count: number, name = 'GET /', durationMs = 10, error = false): void {
      const body = bodyOf(Array.from({ length: count }, () => testSpan({ name, durationMs, error })));
      intake.take([body], body.length, nowMs, nowMs);
      metrics.update(intake.batch, nowMs);
      releaseBatch(intake.batch);
    },
    expire: (nowMs: number) => metrics.expire(nowMs, (row) => growth.takeRow(row, operations)),
    take: () => growth.take(operations),
    nextDay: () => void (operations = new DayOperations(maxOperations)),
    /** As `name calls errors mean`. */
    told: () => operations.facts().map(({ name, calls, errors, meanMs }) => `${name} ${calls} ${errors} ${meanMs}`),
  };
}

it('counts each call once, however often it looks, and begins each day at nothing', () => {
  const { call, take, told, nextDay } = rig();
  call(0, 3);
  take();
  take();
  call(0, 2, 'GET /', 60, true);
  take();
  expect(told()).toEqual(['GET / 5 2 30']);
  nextDay();
  take();
  expect(told()).toEqual([]);
  call(0, 1, 'GET /', 40);
  take();
  expect(told()).toEqual(['GET / 1 0 40']);
});

it('loses nothing of a series that is forgotten, whoever gets its place', () => {
  const { call, take, told, expire, metrics } = rig();
  call(0, 4);
  take();
  call(1, 3);
  expect(expire(TTL_MS + 1)).toBe(1);
  // As many calls as the series before it had, so that only the generation tells them apart.
  call(TTL_MS + 2, 7, 'GET /other', 20);
  expect(metrics.rows).toBe(1);
  take();
  call(TTL_MS + 3, 1);
  take();
  expect(told()).toEqual(['GET / 8 0 10', 'GET /other 7 0 20']);
});

it('sums what has no row of its own, in a day or in span metrics', () => {
  const { call, take, told } = rig(2, 3);
  for (const name of ['a', 'b', 'c', 'd', 'e']) call(0, 2, name);
  take();
  // Span metrics have room for three, a day for two.
  expect(told()).toEqual(['a 2 0 10', 'b 2 0 10', 'other operations 6 0 10']);
});
