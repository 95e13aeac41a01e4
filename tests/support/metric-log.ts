// A meter provider that is read when a test asks, registered globally as a program's would be.
import { type Attributes, metrics } from '@opentelemetry/api';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';

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

class AskedReader extends MetricReader {
  protected onForceFlush(): Promise<void> {
    return Promise.resolve();
  }

  protected onShutdown(): Promise<void> {
    return Promise.resolve();
  }
}

/** Registers the provider for the rest of the test file; once per file. */
export function recordMetrics(): MetricLog {
  const reader = new AskedReader();
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
  return {
    async read(name) {
      const { resourceMetrics } = await reader.collect();
      const all = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
      return all
        .filter(({ descriptor }) => descriptor.name === name)
        .flatMap(({ dataPoints }) =>
          dataPoints.map(({ attributes, value }) =>
            typeof value === 'number' ? { attributes, value } : { attributes, value: value.count, sum: value.sum },
          ),
        );
    },
  };
}
