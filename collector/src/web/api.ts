// The JSON of the page's API, shared by the server that writes it and the page that reads it. Types only.
import type { OperationSummary } from '../measure/contract.ts';

export type { OperationSummary };

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
}

/** GET /api/traces/{traceId}; 404 where the ring does not hold it (any more). */
export interface TraceAnswer {
  readonly summary: TraceSummary;
  /** Earliest start first. */
  readonly spans: readonly SpanJson[];
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

/** GET /api/events: server-sent events, each second, named `operations` and `books`; each is the answer above. */
export interface PageEvents {
  readonly operations: OperationsAnswer;
  readonly books: BooksAnswer;
}

/** GET /health and /ready */
export interface HealthAnswer {
  readonly status: 'ok' | 'starting' | 'stopping';
  readonly version: string;
}
