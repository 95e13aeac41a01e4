// What a stage exposes to the metrics page: families of points, made afresh at each collection.
import type { MeasurementAttributes } from '../pipeline/contract.ts';

/** Explicit-bounds histogram. `counts` has one more entry than `bounds`; entry i counts values in (bounds[i-1], bounds[i]]. */
export interface HistogramValue {
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
  readonly sum: number;
}

/** A span that was counted in a point, of a trace that was kept. */
export interface Exemplar {
  /** Lower-case hexadecimal digits, 32 and 16. */
  readonly traceId: string;
  readonly spanId: string;
  readonly seconds: number;
  /** Milliseconds since the epoch. */
  readonly timestampMs: number;
}

export interface MetricPoint {
  readonly attributes: MeasurementAttributes;
  /** Counter and gauge. */
  readonly value?: number;
  readonly histogram?: HistogramValue;
  /** In OpenMetrics only: beside a counter's value, or beside the bucket its duration is in. */
  readonly exemplar?: Exemplar;
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
