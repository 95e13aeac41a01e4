// What other rooms may know of the store, and what its two threads say to each other.
import type { TraceAnswer, TraceSummary } from '../web/api.ts';

/** A question for kept traces; all conditions hold together. */
export interface TraceQuery {
  readonly service?: string;
  readonly operation?: string;
  readonly errorsOnly?: boolean;
  /** 1..500 */
  readonly limit: number;
}

/** Kept traces of the ring, newest first. */
export interface TracesView {
  list(query: TraceQuery): Promise<readonly TraceSummary[]>;
  get(traceId: string): Promise<TraceAnswer | undefined>;
  stats(): { readonly traces: number; readonly bytes: number; readonly dropped: number };
}

/** A kept trace, or late spans of one, on its way to the ring. */
export interface KeptTrace {
  readonly traceId: string;
  readonly reason: string;
  readonly late: boolean;
  /** OTLP TracesData. */
  readonly body: Uint8Array<ArrayBuffer>;
}

/** Main thread to store thread. */
export type StoreRequest =
  | { readonly kind: 'keep'; readonly traces: readonly KeptTrace[]; readonly nowMs: number }
  | { readonly kind: 'list'; readonly id: number; readonly query: TraceQuery }
  | { readonly kind: 'get'; readonly id: number; readonly traceId: string }
  | { readonly kind: 'close' };

/** Store thread to main thread. */
export type StoreReply =
  | { readonly kind: 'open'; readonly traces: number; readonly bytes: number }
  | { readonly kind: 'unusable'; readonly message: string }
  | { readonly kind: 'kept'; readonly sizeBytes: number; readonly traces: number; readonly bytes: number }
  | { readonly kind: 'failed'; readonly sizeBytes: number; readonly lost: number; readonly message: string }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'refused'; readonly id: number; readonly message: string }
  | { readonly kind: 'closed' };

/** What the store thread is started with. */
export interface StoreWorkerData {
  readonly path: string;
  readonly ringBytes: number;
  readonly ringAgeMs: number;
}
