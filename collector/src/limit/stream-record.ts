// The last value of a cumulative stream as numbers of a record, and back. Pure.
// A record has a fixed number of doubles: what does not fit becomes coarser (exponential buckets) or has no buckets.
import type { Buckets, ExponentialHistogramValue, HistogramValue, PointValue } from '../model/data-point.ts';
import { downscale } from '../model/exponential-merge.ts';

/** Doubles of values; of records the smallest that holds one is taken. */
export const RECORD_FLOATS: Readonly<Record<PointValue['type'], readonly number[]>> = {
  number: [1],
  summary: [2],
  histogram: [8, 16, 32, 64, 256, 1000],
  exponential_histogram: [24, 64, 170],
};
/** Most buckets of both signs in a record, at the scale that takes. */
const MAX_EXPONENTIAL = 160;
const EXPONENTIAL_HEAD = 10;
const HISTOGRAM_HEAD = 3;
/** Bounds come from senders; a program has a few. */
const MAX_BOUNDS = 1024;
const NO_BOUNDS: readonly number[] = Object.freeze([]);

/** Bounds by a number that stands for them in records. */
export class BoundsTable {
  readonly #numbers = new Map<string, number>();
  readonly #bounds: (readonly number[])[] = [NO_BOUNDS];

  /** @returns 0 where there are none, or no room for others */
  numberOf(bounds: readonly number[]): number {
    if (bounds.length === 0) return 0;
    const key = bounds.join();
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    if (this.#bounds.length > MAX_BOUNDS) return 0;
    this.#numbers.set(key, this.#bounds.length);
    return this.#bounds.push(bounds) - 1;
  }

  boundsOf(number: number): readonly number[] {
    return this.#bounds[number] ?? NO_BOUNDS;
  }
}

/** What of a value is kept: without buckets where they are too many, coarser where that helps. */
export function fitting(value: PointValue): PointValue {
  if (value.type === 'exponential_histogram') {
    let fitted = downscale(value, value.scale);
    while (fitted.positive.counts.length + fitted.negative.counts.length > MAX_EXPONENTIAL)
      fitted = downscale(fitted, fitted.scale - 1);
    return fitted;
  }
  const most = RECORD_FLOATS.histogram.at(-1) ?? 0;
  return value.type === 'histogram' && value.counts.length + HISTOGRAM_HEAD > most ? withoutBuckets(value) : value;
}

/** A histogram that only counts and sums. */
export function withoutBuckets(value: HistogramValue): HistogramValue {
  return { ...value, bounds: NO_BOUNDS, counts: [] };
}

/** Doubles a value takes. @param value fitting */
export function floatsOf(value: PointValue): number {
  switch (value.type) {
    case 'number':
      return 1;
    case 'summary':
      return 2;
    case 'histogram':
      return HISTOGRAM_HEAD + value.counts.length;
    case 'exponential_histogram':
      return EXPONENTIAL_HEAD + value.positive.counts.length + value.negative.counts.length;
  }
}

/** Writes a value. @param value fitting @param at index of its first double */
export function writeValue(floats: Float64Array, at: number, value: PointValue, bounds: BoundsTable): void {
  switch (value.type) {
    case 'number':
      floats[at] = value.value;
      return;
    case 'summary':
      floats[at] = value.count;
      floats[at + 1] = value.sum;
      return;
    case 'histogram': {
      const number = bounds.numberOf(value.bounds);
      floats[at] = value.count;
      floats[at + 1] = value.sum ?? NaN;
      floats[at + 2] = number;
      if (number > 0) floats.set(value.counts, at + HISTOGRAM_HEAD);
      return;
    }
    case 'exponential_histogram':
      writeExponential(floats, at, value);
  }
}

/** Reads a value of a kind that was written so. */
export function readValue(floats: Float64Array, at: number, type: PointValue['type'], bounds: BoundsTable): PointValue {
  switch (type) {
    case 'number':
      return { type, value: floats[at], isInteger: true };
    case 'summary':
      return { type, count: floats[at], sum: floats[at + 1], quantiles: [] };
    case 'histogram': {
      const own = bounds.boundsOf(floats[at + 2]);
      const first = at + HISTOGRAM_HEAD;
      const counts = own.length === 0 ? [] : Array.from(floats.subarray(first, first + own.length + 1));
      return { type, count: floats[at], sum: defined(floats[at + 1]), ...NO_EXTREMES, bounds: own, counts };
    }
    case 'exponential_histogram':
      return readExponential(floats, at);
  }
}

const NO_EXTREMES = { min: undefined, max: undefined } as const;

function writeExponential(floats: Float64Array, at: number, value: ExponentialHistogramValue): void {
  const { positive, negative } = value;
  const head = [value.count, value.sum ?? NaN, value.zeroCount, value.zeroThreshold, value.scale];
  floats.set([...head, positive.offset, positive.counts.length, negative.offset, negative.counts.length], at);
  floats.set(positive.counts, at + EXPONENTIAL_HEAD);
  floats.set(negative.counts, at + EXPONENTIAL_HEAD + positive.counts.length);
}

function readExponential(floats: Float64Array, at: number): ExponentialHistogramValue {
  const buckets = (offset: number, first: number, length: number): Buckets => ({
    offset,
    counts: Array.from(floats.subarray(first, first + length)),
  });
  const positives = floats[at + 6];
  const first = at + EXPONENTIAL_HEAD;
  return {
    type: 'exponential_histogram',
    count: floats[at],
    sum: defined(floats[at + 1]),
    ...NO_EXTREMES,
    scale: floats[at + 4],
    zeroCount: floats[at + 2],
    zeroThreshold: floats[at + 3],
    positive: buckets(floats[at + 5], first, positives),
    negative: buckets(floats[at + 7], first + positives, floats[at + 8]),
  };
}

function defined(value: number): number | undefined {
  return Number.isNaN(value) ? undefined : value;
}
