// How many series there may be, and what they are made of.

export interface SpanMetricsOptions {
  readonly maxSeries: number;
  readonly seriesTtlMs: number;
  /** Inclusive upper bounds, ascending, in nanoseconds. */
  readonly boundsNs: readonly number[];
  readonly dimensions: number;
  readonly seed: number;
}

/** Rows beyond the cap for overflow series. */
export function overflowRoom(maxSeries: number): number {
  return Math.min(1024, Math.max(16, maxSeries));
}
