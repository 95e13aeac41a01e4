// The JSON of the page's API, shared by the server that writes it and the page that reads it. Types only.
import type { OperationSummary } from '../measure/contract.ts';
import type { KnownReport } from '../report/contract.ts';
import type { PointBooks } from './metrics-answers.ts';

export type { OperationSummary };
/** GET /api/cardinality; 404 where limits are off. */
export type { CardinalityAnswer } from '../limit/contract.ts';
/** GET /api/resources/baselines; 404 where baselines of resources are off. */
export type { ResourceLine, ResourceLinesAnswer } from '../resource/contract.ts';
export type { KnownReport } from '../report/contract.ts';
/** GET /api/reports/daily?date=2026-03-02&format=document; also weekly and monthly, and as json, markdown, html. */
export type { ReportDocument } from '../report/contract.ts';
export type { TargetLine, TargetsAnswer, TargetState, TargetSubject } from '../target/contract.ts';
export type {
  AccessAnswer,
  AlertChange,
  AlertsAnswer,
  AlertSummary,
  AlertView,
  MaintenanceWindow,
  Silence,
  SilenceAnswer,
  SubjectFeedback,
} from './alert-answers.ts';
export type {
  BaselineAnswer,
  BaselineDetail,
  BaselineLine,
  BaselinesAnswer,
  BaselinesQuery,
  BaselineState,
  BaselineView,
  ExportAnswer,
  ImportAnswer,
  Explanation,
  GroupSummary,
  LearnedQuantile,
  LearnedSummary,
  Ratio,
  Severity,
  Sight,
  Violation,
  ViolationGroup,
  ViolationGroupAnswer,
  ViolationKind,
  ViolationsAnswer,
} from './baseline-answers.ts';
export type { ExporterPoints, KpisAnswer, PointBooks, ResourcesAnswer, RoomPoints } from './metrics-answers.ts';

/** GET /api/reports; 404 where reports are off. */
export interface ReportsAnswer {
  /** The latest first. */
  readonly reports: readonly KnownReport[];
}

/** GET /api/operations */
export interface OperationsAnswer {
  /** Seconds behind rates and percentiles; shorter than a minute right after start. */
  readonly windowSeconds: number;
  readonly operations: readonly OperationSummary[];
}

/** One kept trace in a list. */
export interface TraceSummary {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** Unix milliseconds. */
  readonly startMs: number;
  readonly durationMs: number;
  /** Of the root span, or of the earliest where the root is missing. */
  readonly rootService: string;
  readonly rootName: string;
  readonly spanCount: number;
  readonly errorCount: number;
  /** Name of the policy that kept it. */
  readonly reason: string;
}

/** GET /api/traces?service=&operation=&errors=true&limit= ; newest first, at most 500. */
export interface TracesAnswer {
  readonly traces: readonly TraceSummary[];
}

export interface AttributeJson {
  readonly key: string;
  /** Text of the value; structured values as JSON. */
  readonly value: string;
}

export interface SpanEventJson {
  readonly name: string;
  /** Milliseconds after the trace's start. */
  readonly offsetMs: number;
  readonly attributes: readonly AttributeJson[];
}

/** One span of a trace, ready for a waterfall. */
export interface SpanJson {
  readonly spanId: string;
  /** Empty for a root. */
  readonly parentSpanId: string;
  readonly service: string;
  readonly scope: string;
  readonly name: string;
  /** SPAN_KIND_… */
  readonly kind: string;
  /** Milliseconds after the trace's start. */
  readonly offsetMs: number;
  readonly durationMs: number;
  /** STATUS_CODE_… */
  readonly status: string;
  readonly statusMessage: string;
  /** W3C tracestate, with the sampling threshold as `ot=th:…`. */
  readonly traceState: string;
  readonly attributes: readonly AttributeJson[];
  readonly events: readonly SpanEventJson[];
  /** Its attributes and events found no room in the answer. */
  readonly detailLeftOut?: true;
}

/** GET /api/traces/{traceId}; 404 where the ring does not hold it (any more). */
export interface TraceAnswer {
  readonly summary: TraceSummary;
  /** Where the trace is larger than an answer: at most 5000 spans, the earliest that failed and the earliest of all. */
  readonly cut?: {
    /** Of the whole trace. */
    readonly spans: number;
    readonly shown: number;
    /** Of those shown, how many come without attributes and events. */
    readonly withoutDetail: number;
  };
  /** Earliest start first. */
  readonly spans: readonly SpanJson[];
}

/** What one policy made of a trace. */
export interface PolicyFinding {
  readonly name: string;
  readonly type: string;
  /** `keeps` and `drops` where it alone would have done so, `unknown` where what it went by is not remembered. */
  readonly finding: 'keeps' | 'drops' | 'silent' | 'below' | 'unknown';
  /** Whether this one decided. */
  readonly decided: boolean;
  /** A clause, as in `its longest entry span took 230 ms, not more than 1 s`. */
  readonly text: string;
}

/** A decision with its inputs. */
export interface DecisionJson {
  readonly kept: boolean;
  /** Unix milliseconds, to the second. */
  readonly decidedMs: number;
  /** What ended the waiting: root, error, match, wait, budget, size, stop. */
  readonly cause: string;
  /** Name of the configured wait whose time that was; absent where it was a time for all traces. */
  readonly wait?: string;
  /**
   * Name of the policy that decided; empty where none had a say. `pin` and `link` where it was kept for another's sake:
   * someone's who asked, or a kept trace's that links to it.
   */
  readonly policy: string;
  /** What the randomness was compared with, as `th` has it, and the share it keeps. */
  readonly threshold: string;
  readonly ratio: number;
  /** 14 hexadecimal digits, as `rv` has it. */
  readonly randomness: string;
  /** A share above this would have kept it. */
  readonly keptFromRatio: number;
  /** The randomness came in the tracestate, not from the trace id. */
  readonly explicitRandomness: boolean;
  readonly spanCount: number;
  readonly longestEntryMs: number;
  /** Absent where no span without a parent had come. */
  readonly rootMs?: number;
  readonly hasError: boolean;
  /** Id of the kept trace that links to it; absent where none does or memory does not know it any more. */
  readonly linkedFrom?: string;
  /** Hard caps raised the threshold. */
  readonly capped: boolean;
  /** It was decided because it had grown too large. */
  readonly cut: boolean;
  readonly foundIn: 'memory' | 'disk';
}

/** Since when every decision is known. */
export interface DecisionHorizon {
  /** Unix milliseconds: a trace decided since then and not found was not decided here. */
  readonly sinceMs: number;
  /** Oldest decision in memory; absent where there is none. */
  readonly memoryMs?: number;
  /** Older stretches, oldest first; between them decisions were lost. */
  readonly earlier: readonly { readonly fromMs: number; readonly toMs: number }[];
}

/** GET /api/traces/{traceId}/decision; 400 where the id is no id, 503 where the disk does not answer. */
export interface DecisionAnswer {
  readonly traceId: string;
  readonly state: 'kept' | 'dropped' | 'pending' | 'unseen';
  /** One sentence. */
  readonly summary: string;
  /** Absent of a trace that was kept and whose decision is lost. */
  readonly decision?: DecisionJson;
  /** In the order of the configuration that was in force. */
  readonly policies: readonly PolicyFinding[];
  /** Of a trace that still waits. */
  readonly pending?: { readonly sinceMs: number; readonly spanCount: number };
  readonly horizon: DecisionHorizon;
}

/** Spans of one exporter: kept since it started = delivered + rejected + failed + queued. */
export interface ExporterBooks {
  readonly name: string;
  readonly delivered: number;
  readonly rejected: number;
  readonly failed: Readonly<Record<string, number>>;
  readonly queued: number;
  readonly balanced: boolean;
}

/** Log records that follow their trace. */
export interface LogBooks {
  readonly accepted: number;
  /** By reason. */
  readonly passed: Readonly<Record<string, number>>;
  /** By reason. */
  readonly dropped: Readonly<Record<string, number>>;
  readonly held: number;
  /** accepted = passed + dropped + held, exactly. */
  readonly balanced: boolean;
}

/** GET /api/books */
export interface BooksAnswer {
  readonly spans: {
    readonly accepted: number;
    /** By reason. */
    readonly dropped: Readonly<Record<string, number>>;
    readonly kept: number;
    readonly pending: number;
    /** accepted = dropped + kept + pending, exactly. */
    readonly balanced: boolean;
    /** Spans of accepted bodies rejected alone; not part of `accepted`. */
    readonly rejected: number;
    readonly duplicates: number;
    readonly late: Readonly<Record<string, number>>;
    readonly thresholdUnknown: number;
    readonly thresholdInconsistent: number;
  };
  /** Log records, where they follow their trace; absent where they only pass. */
  readonly logs?: LogBooks;
  readonly points: PointBooks;
  /** Requests and bytes refused, by reason, without the reasons that never struck. */
  readonly refused: readonly { readonly reason: string; readonly requests: number; readonly bytes: number }[];
  readonly keptTraces: readonly { readonly policy: string; readonly traces: number }[];
  readonly exporters: readonly ExporterBooks[];
  readonly store: {
    readonly enabled: boolean;
    readonly traces: number;
    readonly bytes: number;
    readonly dropped: number;
  };
  /** Services whose kept spans carry no threshold; the fix is `sources.unsampled`. */
  readonly unknownThresholds: readonly { readonly service: string; readonly spans: number }[];
  /** Share of memory by holder, in bytes; `limit` is `memory_limit`. */
  readonly memory: { readonly limit: number; readonly holders: Readonly<Record<string, number>>; readonly rss: number };
}

/** GET /health and /ready */
export interface HealthAnswer {
  readonly status: 'ok' | 'starting' | 'stopping';
  readonly version: string;
}
