// What a stage exposes to the metrics page: families of points, made afresh at each collection.
import type { MeasurementAttributes } from '../pipeline/contract.ts';

/** Explicit-bounds histogram. `counts` has one more entry than `bounds`; entry i counts values in (bounds[i-1], bounds[i]]. */
export interface HistogramValue {
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
  readonly sum: number;
}

export interface MetricPoint {
  readonly attributes: MeasurementAttributes;
  /** Counter and gauge. */
  readonly value?: number;
  readonly histogram?: HistogramValue;
  /** Monotonic milliseconds since when a cumulative value counts. */
  readonly startMs?: number;
}

/** One metric, named by OpenTelemetry's rules: dots, no unit, no `_total`. */
export interface MetricFamily {
  readonly name: string;
  /** UCUM. */
  readonly unit: string;
  readonly description: string;
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly points: Iterable<MetricPoint>;
}
