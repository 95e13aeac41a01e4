// What a stage exposes: families of points, made afresh at each collection, for the metrics page and for what is pushed.
import type { MeasurementAttributes } from '../pipeline/contract.ts';
import type { ExponentialHistogramValue, SummaryValue } from './data-point.ts';

/** Explicit-bounds histogram. `counts` has one more entry than `bounds`; entry i counts values in (bounds[i-1], bounds[i]]. */
export interface ClassicHistogram {
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
  readonly sum: number;
}

/** A measurement that was counted in a point, of a trace that was kept. */
export interface Exemplar {
  /** Lower-case hexadecimal digits, 32 and 16. */
  readonly traceId: string;
  readonly spanId: string;
  /** In the unit of the family; 1 where calls are counted. */
  readonly value: number;
  /** Milliseconds since the epoch. */
  readonly timestampMs: number;
  readonly attributes?: MeasurementAttributes;
}

export interface MetricPoint {
  readonly attributes: MeasurementAttributes;
  /** Counter, gauge and unknown. */
  readonly value?: number;
  readonly histogram?: ClassicHistogram;
  /** Native histogram; alone, or beside the classic one of the same measurements. */
  readonly exponential?: ExponentialHistogramValue;
  readonly summary?: SummaryValue;
  /** In ascending order of time. */
  readonly exemplars?: readonly Exemplar[];
  /** Monotonic milliseconds since when a cumulative value counts; absent for one first seen in mid-life. */
  readonly startMs?: number;
  /** Unix milliseconds since when it counts, where that is known. */
  readonly createdMs?: number;
  /** Unix milliseconds the value is of; absent where it is read as it is collected. */
  readonly timeMs?: number;
}

/** One metric, named by OpenTelemetry's rules: dots, no unit, no `_total`. */
export interface MetricFamily {
  readonly name: string;
  /** UCUM. */
  readonly unit: string;
  readonly description: string;
  readonly kind: 'counter' | 'gauge' | 'histogram' | 'summary' | 'info' | 'unknown';
  readonly points: Iterable<MetricPoint>;
}
