// A meter provider that is read when a test asks, registered globally as a program's would be.
import type { Attributes } from '@opentelemetry/api';
import { readMetrics } from './asked-reader.ts';

/** One data point as a test looks at it. */
export interface RecordedPoint {
  readonly attributes: Attributes;
  /** Of a histogram its count. */
  readonly value: number;
  /** Of a histogram. */
  readonly sum?: number | undefined;
}

export interface MetricLog {
  /** Points of a metric since the start; empty when it does not exist. */
  read(name: string): Promise<readonly RecordedPoint[]>;
}

/** Registers the provider for the rest of the test file; once per file. */
export function recordMetrics(): MetricLog {
  const readAll = readMetrics();
  return {
    async read(name) {
      return (await readAll())
        .filter(({ descriptor }) => descriptor.name === name)
        .flatMap(({ dataPoints }) =>
          dataPoints.map(({ attributes, value }) =>
            typeof value === 'number' ? { attributes, value } : { attributes, value: value.count, sum: value.sum },
          ),
        );
    },
  };
}
