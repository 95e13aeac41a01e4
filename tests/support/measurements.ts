// A meter provider whose measurements a test reads, registered globally as a program's would be.
import type { Attributes } from '@opentelemetry/api';
import { AggregationTemporality, type DataPoint, type Histogram, type MetricData } from '@opentelemetry/sdk-metrics';
import { readMetrics } from './asked-reader.ts';

/** What was recorded under one set of attributes. */
export interface Measurement {
  readonly attributes: Attributes;
  /** How many measurements a histogram got; 1 of other kinds. */
  readonly count: number;
  readonly sum: number;
}

/** What a test sees of metrics. */
export interface MeasurementLog {
  /** What was recorded since the last call, by name of the metric. */
  take(): Promise<ReadonlyMap<string, readonly Measurement[]>>;
}

/** Registers the provider for the rest of the test file; once per file. */
export function recordMeasurements(): MeasurementLog {
  const readAll = readMetrics(() => AggregationTemporality.DELTA);
  return {
    async take() {
      return new Map((await readAll()).map((metric) => [metric.descriptor.name, measurementsOf(metric)] as const));
    },
  };
}

function measurementsOf({ dataPoints }: MetricData): readonly Measurement[] {
  return (dataPoints as readonly DataPoint<number | Histogram>[]).map(({ attributes, value }) =>
    typeof value === 'number'
      ? { attributes, count: 1, sum: value }
      : { attributes, count: value.count, sum: value.sum ?? 0 },
  );
}
