// What other rooms may know of `measure`: a type, never its code.

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
