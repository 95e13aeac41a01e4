// Exponential histograms as Prometheus' native ones: schema, spans of buckets and their counts.
// @see Prometheus, native histograms; OpenTelemetry specification, Exponential Histograms to Prometheus
import type { Buckets, ExponentialHistogramValue } from '../model/data-point.ts';
import { downscale } from '../model/exponential-merge.ts';

const MAX_SCHEMA = 8;
const MIN_SCHEMA = -4;
/** What a zero bucket is wide where nobody says; also what tells an empty native histogram from a classic one. */
const DEFAULT_ZERO_THRESHOLD = 1e-128;
/** A gap of so many empty buckets costs less than another span. */
const MAX_GAP = 2;
/** Differences of counts below are exact in doubles, also as written in zigzag. */
const MAX_WHOLE = 2 ** 51;

/** Consecutive buckets: how many after the end of the span before, or from bucket 0 on, and their number. */
export interface BucketSpan {
  readonly offset: number;
  readonly length: number;
}

export interface NativeBuckets {
  readonly spans: readonly BucketSpan[];
  /** One of each bucket of the spans. */
  readonly counts: readonly number[];
}

export interface NativeHistogram {
  readonly count: number;
  readonly sum: number;
  /** -4..8 */
  readonly schema: number;
  readonly zeroThreshold: number;
  readonly zeroCount: number;
  readonly negative: NativeBuckets;
  readonly positive: NativeBuckets;
  /** All counts are whole and small enough to be written as differences. */
  readonly isWhole: boolean;
}

/** @returns undefined where buckets are wider than native histograms know; such are shown in the classic shape only */
export function nativeHistogram(value: ExponentialHistogramValue): NativeHistogram | undefined {
  if (value.scale < MIN_SCHEMA) return undefined;
  const {
    scale,
    count,
    sum = NaN,
    zeroCount,
    zeroThreshold,
    negative,
    positive,
  } = downscale(value, Math.min(value.scale, MAX_SCHEMA));
  const isWhole = [count, zeroCount, ...negative.counts, ...positive.counts].every(
    (each) => Number.isInteger(each) && each <= MAX_WHOLE,
  );
  return {
    count,
    sum,
    schema: scale,
    zeroThreshold: zeroThreshold > 0 ? zeroThreshold : DEFAULT_ZERO_THRESHOLD,
    zeroCount,
    negative: spansOf(negative),
    positive: spansOf(positive),
    isWhole,
  };
}

/** Buckets are numbered by their upper bound here, and by the lower one in OpenTelemetry. */
function spansOf({ offset, counts }: Buckets): NativeBuckets {
  const spans: { offset: number; length: number }[] = [];
  const held: number[] = [];
  let end = 0;
  counts.forEach((count, i) => {
    if (count === 0) return;
    const index = offset + i + 1;
    const gap = index - end;
    const last = spans.at(-1);
    if (last !== undefined && gap <= MAX_GAP) {
      for (let empty = 0; empty < gap; empty++) held.push(0);
      last.length += gap + 1;
    } else spans.push({ offset: gap, length: 1 });
    held.push(count);
    end = index + 1;
  });
  return { spans, counts: held };
}
