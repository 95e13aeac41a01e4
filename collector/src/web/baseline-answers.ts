// The JSON of the page's API about baselines and violations. Types only.
import type { Severity, Violation, ViolationGroup } from '../baseline/contract.ts';

export type { Explanation, Ratio, Severity, Violation, ViolationGroup, ViolationKind } from '../baseline/contract.ts';

/** A group in a list: the likely causes among its members. */
export interface GroupSummary extends ViolationGroup {
  /** At most five, those that are open first. */
  readonly members: readonly Violation[];
  /** How many there are in all. */
  readonly memberCount: number;
}

/** GET /api/violations?limit= ; those that are open first, then the latest first. 404 where baselines are off. */
export interface ViolationsAnswer {
  /** Violations that are open; a group may have several. */
  readonly open: Readonly<Record<Severity, number>>;
  readonly groups: readonly GroupSummary[];
  /** How many there are in all; at most 200 that are over are remembered. */
  readonly groupCount: number;
}

/** GET /api/violations/{group} ; members as they are now, at most a thousand. */
export type ViolationGroupAnswer = GroupSummary;

export type BaselineState = 'learning' | 'provisional' | 'learned';

/** A quantile of durations, milliseconds, with a 95 % interval. */
export interface LearnedQuantile {
  /** 0..1 */
  readonly quantile: number;
  readonly ms: number;
  readonly lowMs: number;
  readonly highMs: number;
}

/** How soon a change would be said on average, from its beginning. */
export interface Sight {
  readonly kind: 'latency' | 'error' | 'throughput';
  /** Of durations to what is normal; of failed calls, 0..1; 0 where calls stop. */
  readonly to: number;
  /** null: not within ten minutes. */
  readonly seconds: number | null;
}

/** What is normal for an operation. */
export interface LearnedSummary {
  /** That the true distribution is near the learned one everywhere, 0..1. */
  readonly confidence: number;
  /** p50, p95, p99; those that too few calls lie above are left out. */
  readonly quantiles: readonly LearnedQuantile[];
  /** 0..1 */
  readonly errorRatio: number;
  readonly callsPerSecond: number;
  /** Standard deviation of the logarithm of durations between minutes, beyond chance. */
  readonly noise: number;
  readonly hasSeason: boolean;
  /** Levels it also has, beside the one described. */
  readonly levels: number;
  /** How many whole baselines were learned, this one among them; 0 while it is provisional. */
  readonly version: number;
  /** The `service.version` it was learned under, where it is known. */
  readonly serviceVersion?: string;
  /** What it was learned from ended then, Unix milliseconds. */
  readonly learnedMs: number;
  readonly sight: readonly Sight[];
}

/** One operation in a list of baselines. */
export interface BaselineLine {
  readonly key: string;
  readonly service: string;
  /** Span name. */
  readonly operation: string;
  /** SPAN_KIND_… */
  readonly kind: string;
  readonly state: BaselineState;
  /** Calls and windows so far; clean ones as soon as there is a baseline. `of`: needed at least. */
  readonly progress: {
    readonly calls: number;
    readonly ofCalls: number;
    readonly windows: number;
    readonly ofWindows: number;
  };
  /** Absent while nothing is known. */
  readonly learned?: LearnedSummary;
}

/**
 * GET /api/baselines?offset=&limit=&state=&search= ; at most 50 lines an answer, in the order in which operations were
 * first seen. 404 where baselines are off.
 */
export interface BaselinesAnswer {
  /** Of all that are watched. */
  readonly counts: Readonly<Record<BaselineState, number>>;
  /** Those that match `state` and `search`. */
  readonly found: number;
  readonly offset: number;
  readonly baselines: readonly BaselineLine[];
}

/** What is learned of an operation beyond its line. */
export interface BaselineDetail {
  readonly meanMs: number;
  /** Standard deviation. */
  readonly deviationMs: number;
  /** Share of calls by duration, ascending; equal widths of the logarithm. */
  readonly density: readonly (readonly [ms: number, share: number])[];
  /** Its other levels, as factors of the one described. */
  readonly levelRatios: readonly number[];
  /** What time of season it is makes durations so many times as long: now, at the least and at the most. */
  readonly season?: {
    readonly periodSeconds: number;
    readonly now: number;
    readonly least: number;
    readonly most: number;
  };
  /** Of calls within a second, 0..1. */
  readonly correlation: number;
  readonly fromMs: number;
  readonly toMs: number;
  /** Times within it that were not normal. */
  readonly leftOut: readonly { readonly fromMs: number; readonly toMs: number }[];
  /** Slower by less than this factor is normal. */
  readonly guardRatio: number;
  /** What adds less, or fails a smaller share of calls, is watched and not told of; 0 for either tells of all. */
  readonly minChange: { readonly latencyMs: number; readonly errorRatio: number };
  /** How long after its end a second is judged, since its spans come late. */
  readonly judgedAfterSeconds: number;
  /** Baselines before this one, the latest first. */
  readonly former: readonly { readonly version: number; readonly serviceVersion?: string; readonly toMs: number }[];
  /** What was changed of its service, the latest first: `orders 1.4.2 (after 1.4.1) first seen`. */
  readonly changes: readonly { readonly timeMs: number; readonly text: string }[];
}

/** GET /api/baselines/{key} */
export interface BaselineAnswer extends BaselineLine {
  readonly detail?: BaselineDetail;
}

/**
 * GET /api/baselines/export?offset=&limit= ; at most 50 of what is learned an answer, as they stand in a document of
 * baselines. 404 where baselines are off.
 */
export interface ExportAnswer {
  /** All that are learned, provisional ones among them. */
  readonly found: number;
  readonly offset: number;
  readonly operations: readonly object[];
}

/**
 * POST /api/baselines/import?replace=true with a document of baselines, of at most 2 MiB. Without `replace` what has a whole
 * baseline here keeps it. 400 with what is wrong with the document.
 */
export interface ImportAnswer {
  readonly imported: number;
  readonly skipped: readonly {
    /** Service and name. */
    readonly operation: string;
    /** no_service, too_few_calls, learned, max_operations */
    readonly reason: string;
  }[];
}

/** What the API asks of the room. */
export interface BaselineView {
  /** Another number with each change of a violation. */
  version(): number;
  /** @param limit of groups */
  violations(limit: number): ViolationsAnswer;
  group(id: string): ViolationGroupAnswer | undefined;
  baselines(query: BaselinesQuery): BaselinesAnswer;
  baseline(key: string): BaselineAnswer | undefined;
  exported(piece: { readonly offset: number; readonly limit: number }): Promise<ExportAnswer>;
  /** @returns what is wrong with a document, where something is; nothing of it is taken then */
  import(text: string, mode: 'add' | 'replace'): Promise<ImportAnswer | { readonly problem: string }>;
}

export interface BaselinesQuery {
  readonly offset: number;
  readonly limit: number;
  /** Undefined for all. */
  readonly state: BaselineState | undefined;
  /** Part of service and operation, any case; empty for all. */
  readonly search: string;
}
