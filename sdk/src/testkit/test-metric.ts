// A metric as tests look at it, whether it was collected in this process or came in over OTLP.
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { DataPointType } from '@opentelemetry/sdk-metrics';
import type { TestAttributes } from './test-span.ts';

export interface TestExemplar {
  readonly value: number;
  readonly traceId: string;
  readonly spanId: string;
}

/** One data point. */
export interface TestPoint {
  readonly attributes: TestAttributes;
  /** Of sums and gauges; of histograms their sum. */
  readonly value: number;
  /** Of histograms. */
  readonly count?: number;
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  readonly exemplars: readonly TestExemplar[];
}

export interface TestMetric {
  readonly name: string;
  readonly unit: string;
  readonly type: 'gauge' | 'sum' | 'histogram' | 'exponential_histogram' | 'summary';
  readonly scope: string;
  readonly points: readonly TestPoint[];
}

interface SdkExemplar {
  readonly value: number;
  readonly spanContext?: { readonly traceId: string; readonly spanId: string };
}

interface SdkHistogram {
  readonly count: number;
  readonly sum?: number;
  readonly min?: number;
  readonly max?: number;
}

/** Turns what a reader collected into plain data. */
export function testMetricsOf({ scopeMetrics }: ResourceMetrics): TestMetric[] {
  return scopeMetrics.flatMap(({ scope, metrics }) =>
    metrics.map(({ descriptor, dataPointType, dataPoints }) => ({
      name: descriptor.name,
      unit: descriptor.unit,
      type: TYPES[dataPointType],
      scope: scope.name,
      points: dataPoints.map((point) => pointOf(point)),
    })),
  );
}

const TYPES = {
  [DataPointType.GAUGE]: 'gauge',
  [DataPointType.SUM]: 'sum',
  [DataPointType.HISTOGRAM]: 'histogram',
  [DataPointType.EXPONENTIAL_HISTOGRAM]: 'exponential_histogram',
} as const;

function pointOf({ attributes, value, ...rest }: { attributes: TestAttributes; value: unknown }): TestPoint {
  // Exemplars are no part of the SDK's own points; those who add them name them so.
  const { exemplars = [] } = rest as { exemplars?: readonly SdkExemplar[] };
  const shared = {
    attributes: { ...attributes },
    exemplars: exemplars.map((each) => ({
      value: each.value,
      traceId: each.spanContext?.traceId ?? '',
      spanId: each.spanContext?.spanId ?? '',
    })),
  };
  if (typeof value === 'number') return { ...shared, value };
  const { count, sum, min, max } = value as SdkHistogram;
  return { ...shared, value: sum ?? 0, count, min, max };
}
