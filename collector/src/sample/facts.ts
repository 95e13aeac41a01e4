// What a policy may look at: facts of one whole trace so far, and its spans' bytes for those who must read them.
import type { Context } from '../otlp/context-table.ts';
import type { SpanBatch } from '../otlp/span-batch.ts';

/** A span of the trace: its raw bytes at `offset..offset+length-1`, and where it came from. */
export interface TraceSpan {
  readonly bytes: Uint8Array;
  readonly offset: number;
  readonly length: number;
  readonly context: Context | undefined;
  /** As SpanBatch has them: ROOT, ENTRY, HAS_TRACE_STATE, HAS_LINKS. */
  readonly flags: number;
}

/**
 * One object, refilled for every decision, and for every span where anybody wants to know what it makes of its trace.
 * Nothing here depends on the trace's randomness.
 */
export interface TraceFacts {
  /** Counts refills and verdicts: what was worked out from these facts holds while it stays the same. */
  serial: number;
  spanCount: number;
  /** Bytes of its spans as received. */
  sizeBytes: number;
  hasError: boolean;
  /** Longest span without a parent or of kind SERVER or CONSUMER, in milliseconds. */
  longestEntryMs: number;
  /** Duration of the span without a parent; -1 where none has come. */
  rootMs: number;
  /** Bit i is set where some span matched the sampler's span matcher i. */
  matched: number;
  /** When its first span came, monotonic. */
  startMs: number;
  /** When it is decided or a span of it came, monotonic. */
  nowMs: number;
  /** Its spans, in no order; made anew at each call, so only for policies that cannot do without. */
  spans(): Iterable<TraceSpan>;
}

/** Looks at every span as it comes. What it finds is remembered as one bit of its trace. */
export interface SpanMatcher {
  /** @param row of the batch; `batch.source` holds its bytes at offset and length */
  matches(batch: SpanBatch, row: number, nowMs: number): boolean;
}

/** Matchers of a configuration at most, with those of its shadow: one bit each. */
export const MAX_MATCHERS = 31;
