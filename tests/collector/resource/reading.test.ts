// What points say of their series.
import { describe, expect, it } from 'vitest';
import type { HistogramValue } from '../../../collector/src/model/data-point.ts';
import { Counted, quantityOf } from '../../../collector/src/resource/reading.ts';
import { dataPoint, type PointShape } from '../../support/data-points.ts';

const T = 1_800_000_000_000;
const point = (seconds: number, value: number, shape: PointShape = {}) =>
  dataPoint({ value, startMs: T, timeMs: T + seconds * 1000, ...shape });
const count = (number: number, sum: number): HistogramValue => {
  return { type: 'histogram', count: number, sum, min: undefined, max: undefined, bounds: [], counts: [number] };
};

describe('what is watched of a metric', () => {
  const auto = (shape: PointShape) => quantityOf(dataPoint(shape).metric, 'auto');

  it('is what its kind has', () => {
    expect(auto({ kind: 'gauge' })).toBe('value');
    expect(auto({ isMonotonic: false })).toBe('value');
    expect(auto({ isMonotonic: true })).toBe('rate');
    expect(auto({ value: count(1, 1) })).toBe('mean');
  });

  it('is nothing where it has none', () => {
    expect(auto({ isMonotonic: false, temporality: 'delta' })).toBeUndefined();
    expect(quantityOf(dataPoint({ kind: 'gauge' }).metric, 'rate')).toBeUndefined();
    expect(quantityOf(dataPoint({ isMonotonic: true }).metric, 'value')).toBeUndefined();
    expect(quantityOf(dataPoint({ value: count(1, 1) }).metric, 'rate')).toBe('rate');
  });
});

describe('a counter', () => {
  it('says how fast it rose between two points', () => {
    const counted = new Counted();
    expect(counted.take(point(10, 100), 'rate')).toBeUndefined();
    expect(counted.take(point(30, 160), 'rate')).toEqual({ value: 3, fromMs: T + 10_000, timeMs: T + 30_000 });
  });

  it('counts from its new start where it began anew', () => {
    const counted = new Counted();
    counted.take(point(10, 100), 'rate');
    const anew = counted.take(point(30, 50, { startMs: T + 20_000 }), 'rate');
    expect(anew).toEqual({ value: 5, fromMs: T + 20_000, timeMs: T + 30_000 });
  });

  it('says nothing of the time in which it fell without a start', () => {
    const counted = new Counted();
    counted.take(point(10, 100, { startMs: 0 }), 'rate');
    expect(counted.take(point(20, 50, { startMs: 0 }), 'rate')).toBeUndefined();
    expect(counted.take(point(30, 70, { startMs: 0 }), 'rate')?.value).toBe(2);
  });

  it('adds what a delta says between its own times', () => {
    const counted = new Counted();
    const delta = (from: number, to: number, value: number) =>
      counted.take(point(to, value, { temporality: 'delta', startMs: T + from * 1000 }), 'rate');
    expect(delta(0, 10, 20)?.value).toBe(2);
    expect(delta(10, 20, 50)?.value).toBe(5);
  });

  it('passes over what comes late', () => {
    const counted = new Counted();
    counted.take(point(20, 100), 'rate');
    expect(counted.take(point(10, 50), 'rate')).toBeUndefined();
    expect(counted.take(point(30, 110), 'rate')?.value).toBe(1);
  });

  it('has a mean of what a histogram counted since, and none of nothing', () => {
    const counted = new Counted();
    counted.take(point(10, 0, { value: count(5, 50) }), 'mean');
    expect(counted.take(point(20, 0, { value: count(7, 90) }), 'mean')?.value).toBe(20);
    expect(counted.take(point(30, 0, { value: count(7, 90) }), 'mean')).toBeUndefined();
  });
});
