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

/** Decisions that memory gives up, to be kept on disk. */
export interface DecisionBlock {
  /** Records of `recordBytes` each, the trace id as four words first; more room may follow. Handed over. */
  readonly records: ArrayBuffer;
  readonly recordBytes: number;
  readonly count: number;
  /** Unix seconds of the first and the last decision. */
  readonly firstSeconds: number;
  readonly lastSeconds: number;
  /** Whatever the reader of a record needs; given back with it. */
  readonly meta: string;
}

/** A stretch of time all of whose decisions are on disk. */
export interface DecisionSpan {
  readonly fromSeconds: number;
  readonly toSeconds: number;
}

/** What the disk knows of one decision. */
export interface ArchivedDecision {
  readonly record: ArrayBuffer;
  readonly meta: string;
}

/** The times of which the disk knows every decision. */
export interface DecisionCoverage {
  /** Oldest first; between two of them decisions were lost. */
  readonly spans: readonly DecisionSpan[];
  /** Nothing was lost since the last of the spans, beside what memory holds. */
  readonly isCurrent: boolean;
}

/** Decisions older than those in memory. */
export interface DecisionArchive {
  /** Takes a block over, or counts it as dropped. */
  keepDecisions(block: DecisionBlock): void;
  /** @param id the trace id as four words */
  findDecision(id: readonly [number, number, number, number]): Promise<ArchivedDecision | undefined>;
  decisionCoverage(): DecisionCoverage;
}

/** Kept traces that were handed over together, on their way to the ring. */
export interface KeptTraces {
  /** One for each trace, 32 lower-case hexadecimal digits each, one after the other. */
  readonly traceIds: string;
  /** Why each trace was kept. */
  readonly reasons: readonly string[];
  /** Entries of `traceIds` that are late spans only: their trace came before. */
  readonly late: readonly number[];
  /** OTLP TracesData with the spans of all of them, in any order. Handed over. */
  readonly body: Uint8Array<ArrayBuffer>;
}

/** Decisions on disk. */
export interface DecisionsHeld {
  readonly count: number;
  readonly bytes: number;
  /** Files found at the opening that were torn or damaged; they were deleted. */
  readonly damaged: number;
  readonly coverage: DecisionCoverage;
}

/** Main thread to store thread. */
export type StoreRequest =
  | { readonly kind: 'keep'; readonly traces: KeptTraces; readonly nowMs: number }
  | { readonly kind: 'list'; readonly id: number; readonly query: TraceQuery }
  | { readonly kind: 'get'; readonly id: number; readonly traceId: string }
  | { readonly kind: 'keep_decisions'; readonly block: DecisionBlock }
  | { readonly kind: 'decisions_lost' }
  | { readonly kind: 'decision'; readonly id: number; readonly traceId: readonly [number, number, number, number] }
  | { readonly kind: 'close' };

/** Store thread to main thread. */
export type StoreReply =
  | { readonly kind: 'open'; readonly traces: number; readonly bytes: number; readonly decisions: DecisionsHeld }
  | { readonly kind: 'unusable'; readonly message: string }
  | { readonly kind: 'kept'; readonly sizeBytes: number; readonly traces: number; readonly bytes: number }
  | { readonly kind: 'failed'; readonly sizeBytes: number; readonly lost: number; readonly message: string }
  | { readonly kind: 'decisions_kept'; readonly decisions: DecisionsHeld }
  | { readonly kind: 'decisions_loss_noted'; readonly decisions: DecisionsHeld }
  | {
      readonly kind: 'decisions_failed';
      readonly lost: number;
      readonly message: string;
      readonly decisions: DecisionsHeld;
    }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'refused'; readonly id: number; readonly message: string }
  | { readonly kind: 'closed' };

/** What the store thread is started with. */
export interface StoreWorkerData {
  readonly path: string;
  readonly ringBytes: number;
  readonly ringAgeMs: number;
  /** Bytes for decisions; 0 keeps none. */
  readonly decisionBytes: number;
  /** Of hashes, in 32 bits. */
  readonly seed: number;
}
