// Names of what monitors give to OpenTelemetry; no convention knows them.
import type { MetricOptions } from '@opentelemetry/api';

const durationOptions: MetricOptions = { unit: 's', description: 'Durations that were told to a PerformanceMonitor.' };

export const METRIC = {
  duration: { name: 'evenkeel.monitor.operation.duration', options: durationOptions },
  /** Operation type, of a bounded number. */
  type: 'evenkeel.monitor.operation.type',
  /** `ok` or `error`. */
  outcome: 'evenkeel.monitor.operation.outcome',
} as const;
