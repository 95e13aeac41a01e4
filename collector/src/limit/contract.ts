// What other rooms may know of `limit`: how many series there are, and whose fault it is, as types.

/** GET /api/cardinality */
export interface CardinalityAnswer {
  /** Series that may exist at once, of all metrics together. */
  readonly maxTotalSeries: number;
  readonly totalSeries: number;
  /** Nothing is folded, only counted as if it were. */
  readonly isDryRun: boolean;
  /** Those with most series first, at most 200. */
  readonly metrics: readonly MetricCardinality[];
}

export interface MetricCardinality {
  readonly service: string;
  readonly metric: string;
  readonly series: number;
  readonly maxSeries: number;
  /** Series that came within the last window of a minute. */
  readonly newPerMinute: number;
  /** Estimate of distinct attribute sets that came, folded ones included; standard error 1.6 %. */
  readonly distinctSeries: number;
  readonly attributes: readonly AttributeCardinality[];
  /** What was folded, newest first; empty where all is within the budget. */
  readonly folds: readonly Fold[];
  /** Data points that went to overflow or templated series instead of their own. */
  readonly absorbedPoints: number;
}

export interface AttributeCardinality {
  readonly key: string;
  /** Estimate of distinct values. */
  readonly distinctValues: number;
  /** The one that brings most of the series, where there are too many. */
  readonly isOffender: boolean;
  /** Some of its values as they came, at most 5, cut to 100 characters. */
  readonly examples: readonly string[];
}

export interface Fold {
  /** Attribute whose values became templates or one fixed value; empty where new series go to the overflow series whole. */
  readonly key: string;
  readonly into: 'template' | 'value' | 'overflow';
  /** What stands for the values, as `/users/{num}`. */
  readonly example: string;
  /** Unix milliseconds. */
  readonly sinceMs: number;
}

/** What the page asks of `limit`. */
export interface CardinalityView {
  cardinality(): CardinalityAnswer;
}
