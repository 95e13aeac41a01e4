// What other rooms may know of `measure`: types, never its code.
import type { SpanBatch } from '../otlp/span-batch.ts';

/** One operation over the recent window: a service's spans of one name and kind, all statuses together. */
export interface OperationSummary {
  readonly service: string;
  /** Span name; empty for the overflow series. */
  readonly name: string;
  /** As in `span.kind`: SPAN_KIND_SERVER and so on; empty for the overflow series. */
  readonly kind: string;
  readonly overflow: boolean;
  /** Counts are adjusted by head sampling thresholds. */
  readonly estimated: boolean;
  /** Calls since the series began. */
  readonly calls: number;
  readonly errors: number;
  /** Over the window. */
  readonly recentCalls: number;
  readonly callsPerSecond: number;
  readonly errorRatio: number;
  /** Seconds; null without a call in the window. */
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

/** Answers the page's question what runs, how often, how fast and how well. */
export interface OperationsView {
  /** Length of the window behind `recent…`, in seconds; shorter right after start. */
  windowSeconds(): number;
  operations(): OperationSummary[];
}

/** Whose series it is. */
export interface MeasuredOperation {
  readonly service: string;
  readonly name: string;
  readonly kind: string;
  readonly isError: boolean;
  /** Its spans stand for others that senders left out. */
  readonly isEstimated: boolean;
}

/** What was found of the spans of a batch while they were counted. Columns by row of the batch, valid until the next one. */
export interface MeasuredSpans {
  /** Place of the span's series. */
  readonly series: Uint32Array;
  /** Bucket of its duration in the exponential histogram; -1 for a duration of 0. */
  readonly buckets: Int16Array;
  /** Counts how often a place was given to a new series. */
  readonly generation: Uint32Array;
  /** Whose series it is; undefined for an overflow series, which is of no one operation. */
  operationAt(series: number): MeasuredOperation | undefined;
}

/** Is told of every batch after it was counted. */
export type TakeMeasured = (batch: SpanBatch, spans: MeasuredSpans) => void;

/** Counts of every series since it began, by its place; what is read must not be changed. */
export interface SeriesTable {
  /** Places that were ever given out. */
  readonly rows: number;
  /** Counts how often a place was given to a new series, whose counts begin at 0. */
  readonly generation: Uint32Array;
  readonly calls: Float64Array;
  /** Sum of durations in nanoseconds. */
  readonly sumNs: Float64Array;
  /** Durations of exactly 0. */
  readonly zeroCount: Float64Array;
  /** By bucket of the exponential histogram; undefined where the place is free. */
  readonly buckets: readonly (Uint32Array | Float64Array | undefined)[];
}

/** Whose a series is. */
export interface SeriesOwner {
  readonly service: string;
  /** Empty for the overflow series of a service, as is its kind. */
  readonly name: string;
  readonly kind: string;
  readonly isError: boolean;
}
