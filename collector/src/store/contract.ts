// What other rooms may know of the store, and what its two threads say to each other.
/** A question for kept traces; all conditions hold together. */
export interface TraceQuery {
  readonly service?: string;
  readonly operation?: string;
  readonly errorsOnly?: boolean;
  /** 1..500 */
  readonly limit: number;
}

/** Tells whether an answer is still waited for; where it is not, it is not made. */
export type IsWanted = () => boolean;

/** Kept traces of the ring. Answers are JSON, written where they are made: an object would be copied and written again. */
export interface TracesView {
  /** @returns a TracesAnswer, newest first */
  list(query: TraceQuery, isWanted?: IsWanted): Promise<Uint8Array>;
  /** @returns a TraceAnswer of at most 4 MiB; undefined where the ring does not hold the trace */
  get(traceId: string, isWanted?: IsWanted): Promise<Uint8Array | undefined>;
  stats(): { readonly traces: number; readonly bytes: number; readonly dropped: number };
}

/** Why traces were kept, as far as the ring has them. */
export interface KeptReasons {
  /** @returns the name of the policy that kept it, `pin` or `link`; undefined where the ring does not hold the trace */
  keptBy(traceId: string): Promise<string | undefined>;
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

/** What went because it was too old, or because there was no room for more. */
export interface Removed {
  readonly count: number;
  readonly bytes: number;
}

/** Decisions on disk. */
export interface DecisionsHeld {
  readonly count: number;
  readonly bytes: number;
  /** Files found at the opening that were torn or damaged; they were deleted. */
  readonly damaged: number;
  readonly coverage: DecisionCoverage;
}

/** Something that a room keeps over restarts. */
export interface StateDocument {
  /** The room's own; not empty. */
  readonly key: string;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** A document as it was found; without a body where that is damaged. */
export interface LoadedDocument {
  readonly key: string;
  readonly body: Uint8Array<ArrayBuffer> | undefined;
}

/** What rooms keep over restarts, also where they end by kill -9. */
export interface StateStore {
  /**
   * Writes documents of a room and removes others, all or nothing. Never rejects.
   *
   * @returns true once they would survive the end of this process; after false any document of the room may be missing,
   * and the room saves all of them again when it next can
   */
  save(room: string, documents: readonly StateDocument[], removed?: readonly string[]): Promise<boolean>;
  /**
   * Documents of a room in the order of their keys, in pages of about a megabyte. Rejects where they cannot be read.
   *
   * @param after only those whose key comes after it
   */
  load(room: string, after?: string): AsyncIterable<readonly LoadedDocument[]>;
}

/** What is asked of the file of documents. */
export type StateQuestion =
  | {
      readonly kind: 'save_state';
      readonly room: string;
      readonly documents: readonly StateDocument[];
      readonly removed: readonly string[];
      readonly nowMs: number;
    }
  | { readonly kind: 'state_page'; readonly room: string; readonly after: string };

/** Documents of a page; after a save the bytes that all documents of all rooms take on disk. */
export type StateAnswer = readonly LoadedDocument[] | number;

/** A question that is answered at once. */
export type ShortQuestion =
  | StateQuestion
  | { readonly kind: 'decision'; readonly traceId: readonly [number, number, number, number] }
  | { readonly kind: 'kept_by'; readonly traceId: string };

/** A question that may read all of the ring: answered in turns. */
export type LongQuestion =
  | { readonly kind: 'list'; readonly query: TraceQuery }
  | { readonly kind: 'get'; readonly traceId: string };

/** Main thread to store thread. */
export type StoreRequest =
  | { readonly kind: 'keep'; readonly traces: KeptTraces; readonly nowMs: number }
  | { readonly kind: 'make_room'; readonly nowMs: number }
  | { readonly kind: 'short'; readonly id: number; readonly question: ShortQuestion }
  | { readonly kind: 'long'; readonly id: number; readonly question: LongQuestion }
  | { readonly kind: 'keep_decisions'; readonly block: DecisionBlock }
  | { readonly kind: 'decisions_lost' }
  | { readonly kind: 'close' };

/** Store thread to main thread. */
export type StoreReply =
  | { readonly kind: 'open'; readonly traces: number; readonly bytes: number; readonly decisions: DecisionsHeld }
  /** `foreign` is the file that is no database. */
  | { readonly kind: 'unusable'; readonly message: string; readonly foreign?: string }
  /** The ring's file was damaged; an empty one has taken its place. */
  | { readonly kind: 'ring_lost'; readonly message: string; readonly traces: number; readonly bytes: number }
  /** The same of the file of what rooms keep. */
  | { readonly kind: 'state_lost'; readonly message: string }
  | { readonly kind: 'room_made'; readonly traces: number; readonly bytes: number; readonly removed: Removed }
  /** `overdue` are traces that are too old and still there; undefined where nobody can tell. */
  | { readonly kind: 'room_failed'; readonly message: string; readonly overdue: number | undefined }
  | {
      readonly kind: 'kept';
      readonly sizeBytes: number;
      readonly traces: number;
      readonly bytes: number;
      readonly removed: Removed;
    }
  | { readonly kind: 'failed'; readonly sizeBytes: number; readonly lost: number; readonly message: string }
  | { readonly kind: 'decisions_kept'; readonly decisions: DecisionsHeld; readonly removed: Removed }
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
