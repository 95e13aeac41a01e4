// What other rooms may know of `sample`: the batch of kept traces, as a type.
import type { Arena } from '../otlp/arena.ts';
import type { Context } from '../otlp/context-table.ts';
import type { DecisionAnswer } from '../web/api.ts';

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

/** A request of logs as received, unless it was taken apart on the way. */
export interface LogsBody {
  readonly signal: 'logs';
  /** Still compressed if `contentEncoding` says so; belongs to the consumer. */
  readonly body: Uint8Array;
  readonly contentType: string;
  /** As received; empty where the body was unpacked, so that exporters compress it as they are configured to. */
  readonly contentEncoding: string;
}

/** What is known of a trace. `unseen` are also those whose decision is forgotten. */
export type DecisionState = DecisionAnswer['state'];

/** Told of a decision as it is taken, with the four words of the trace id. */
export type DecisionListener = (kept: boolean, id0: number, id1: number, id2: number, id3: number) => void;

/** What exporters take. */
export type Exportable = KeptBatch | LogsBody;

/** What another set of policies would have made of the same traces. */
export interface ShadowCounts {
  readonly bothKeep: number;
  readonly bothDrop: number;
  /** Kept by the shadow only. */
  readonly wouldKeep: number;
  /** Kept by the policies in force only. */
  readonly wouldDrop: number;
}

/** How sampling does at the moment. */
export interface SamplingState {
  /** Spans of the last ten minutes as a backend can estimate them from what was kept, beside what was counted. */
  readonly estimate: {
    readonly exact: number;
    readonly estimate: number;
    /** 95 % interval. */
    readonly low: number;
    readonly high: number;
    /** False where too few traces were kept by chance for the interval to say much. */
    readonly isEnough: boolean;
  };
  /** Share that the budget keeps of what need not be kept. */
  readonly budgetRatio: number;
  /** Spans a second, over the last minute, that errors and floors kept beyond the target of the budget: they win. */
  readonly floorsOverBudget: number;
  /**
   * Of each policy in force, in order: how many keys or operations found no room in its table since the start and shared
   * a place with others.
   */
  readonly policies: readonly { readonly name: string; readonly overflowed: number }[];
  /** Share kept of what need not be kept while there is too much, and what there is too much of. */
  readonly overload: { readonly ratio: number; readonly cause?: string };
  /** Services whose trace ids are not random where sampling reads them, with how many of 56 bits never change. */
  readonly notRandom: readonly { readonly service: string; readonly bits: number }[];
  readonly pins: number;
  /** By the shadow's policy and by operation; absent where none is configured. */
  readonly shadow?: {
    readonly policies: readonly (ShadowCounts & { readonly policy: string })[];
    readonly operations: readonly (ShadowCounts & { readonly service: string; readonly operation: string })[];
  };
}

/** What to keep for a time: a trace, or a service with or without one of its operations. */
export interface PinWish {
  /** 32 lower-case hexadecimal digits. */
  readonly traceId?: string;
  readonly service?: string;
  readonly operation?: string;
  readonly forMs: number;
}

/** What the page asks of sampling. */
export interface SamplingView {
  pendingSpans(): number;
  state(): SamplingState;
  /** @returns false where there are too many wishes already */
  pin(wish: PinWish): boolean;
  /** Services whose kept spans carry no threshold, at most 256; the fix is `sources.unsampled`. */
  unknownThresholds(): { service: string; spans: number }[];
  /**
   * Tells why a trace was kept or dropped, or that it waits or was never seen.
   *
   * @param traceId 32 lower-case hexadecimal digits
   */
  why(traceId: string): Promise<DecisionAnswer>;
}
