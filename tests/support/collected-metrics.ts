// A meter provider whose metrics a test reads as text, registered globally as a program's would be.
import { AggregationTemporality, DataPointType, InstrumentType, type MetricData } from '@opentelemetry/sdk-metrics';
import { readMetrics } from './asked-reader.ts';

/** What was counted and measured since the last look, and what levels are now. */
export interface MetricLog {
  /**
   * Series of metrics as `name {key=value, ...} value`, of histograms how many measurements; sorted, without those of
   * counters and histograms that got nothing.
   */
  take(...names: string[]): Promise<string[]>;
}

function temporalityOf(type: InstrumentType): AggregationTemporality {
  return type === InstrumentType.UP_DOWN_COUNTER || type === InstrumentType.OBSERVABLE_UP_DOWN_COUNTER
    ? AggregationTemporality.CUMULATIVE
    : AggregationTemporality.DELTA;
}

/** Registers the provider for the rest of the test file, or until `metrics.disable()`. */
export function collectMetrics(): MetricLog {
  const readAll = readMetrics(temporalityOf);
  return {
    async take(...names) {
      return (await readAll())
        .filter(({ descriptor: { name } }) => names.length === 0 || names.includes(name))
        .flatMap(linesOf)
        .sort();
    },
  };
}

/** Of these series those that have all the labels (`key=value`), without them. */
export function having(lines: readonly string[], ...labels: string[]): string[] {
  return lines.flatMap((line) => {
    const [, name, found = '', value] = /^(\S+) \{(.*)\} (\S+)$/.exec(line) ?? [];
    const all = found.split(', ');
    if (!labels.every((label) => all.includes(label))) return [];
    return [`${name} {${all.filter((label) => !labels.includes(label)).join(', ')}} ${value}`];
  });
}

function linesOf(metric: MetricData): string[] {
  const isChange =
    metric.dataPointType === DataPointType.HISTOGRAM ||
    (metric.dataPointType === DataPointType.SUM && metric.isMonotonic);
  return metric.dataPoints.flatMap(({ attributes, value }) => {
    const number = typeof value === 'number' ? value : value.count;
    if (isChange && number === 0) return [];
    const labels = Object.entries(attributes).map(([key, label]) => `${key}=${String(label)}`);
    return [`${metric.descriptor.name} {${labels.sort().join(', ')}} ${number}`];
  });
}
