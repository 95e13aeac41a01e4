// Reads metrics when a test asks, of a meter provider that is registered globally as a program's would be.
import { metrics } from '@opentelemetry/api';
import {
  type AggregationTemporality,
  type InstrumentType,
  MeterProvider,
  type MetricData,
  MetricReader,
} from '@opentelemetry/sdk-metrics';

class AskedReader extends MetricReader {
  protected override async onShutdown(): Promise<void> {}
  protected override async onForceFlush(): Promise<void> {}
}

/**
 * Registers the provider for the rest of the test file, or until `metrics.disable()`.
 *
 * @param temporality cumulative unless given
 * @returns reads all metrics; throws where one could not be collected
 */
export function readMetrics(
  temporality?: (type: InstrumentType) => AggregationTemporality,
): () => Promise<MetricData[]> {
  const reader = new AskedReader(temporality && { aggregationTemporalitySelector: temporality });
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
  return async () => {
    const { resourceMetrics, errors } = await reader.collect();
    if (errors.length > 0) throw new AggregateError(errors, 'metrics could not be collected');
    return resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
  };
}
