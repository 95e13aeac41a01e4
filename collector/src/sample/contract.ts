// What other rooms may know of `sample`: the batch of kept traces, as a type.
import type { Arena } from '../otlp/arena.ts';
import type { Context } from '../otlp/context-table.ts';

/**
 * Kept traces with their spans, in columns that are reused after `consume` returns its promise.
 *
 * Spans of trace `t` are rows `traceStart[t]..traceStart[t + 1] - 1`. A kept span is its bytes as received, then `suffix`.
 */
export interface KeptBatch {
  readonly signal: 'traces';
  readonly arena: Arena;
  readonly contexts: readonly (Context | undefined)[];
  readonly traceCount: number;
  readonly spanCount: number;
  /** traceCount + 1 entries. */
  readonly traceStart: readonly number[];
  /** Trace ids, 32 lower-case hexadecimal digits. */
  readonly traceIds: readonly string[];
  /** Why each trace was kept: the name of the policy that decided. */
  readonly policies: readonly string[];
  /** Spans that came after the decision; their trace was delivered before. */
  readonly late: readonly boolean[];
  readonly segment: Uint16Array;
  readonly offset: Uint32Array;
  readonly length: Uint32Array;
  readonly context: Uint16Array;
  /** Fields to append to each span; most commonly its tracestate with the threshold it was kept at. */
  readonly suffix: readonly (Uint8Array | undefined)[];
}

/** A metrics or logs request, passed on as received. */
export interface SignalBody {
  readonly signal: 'metrics' | 'logs';
  /** As received, still compressed if `contentEncoding` says so; belongs to the consumer. */
  readonly body: Uint8Array;
  readonly contentType: string;
  readonly contentEncoding: string;
}

/** What exporters take. */
export type Exportable = KeptBatch | SignalBody;

/** What the page asks of sampling. */
export interface SamplingView {
  pendingSpans(): number;
  /** Services whose kept spans carry no threshold, at most 256; the fix is `sources.unsampled`. */
  unknownThresholds(): { service: string; spans: number }[];
}
