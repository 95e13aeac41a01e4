// Requests with exemplars put into them, read by a full decoder.
import { ProtobufMetricsSerializer } from '@opentelemetry/otlp-transformer';
import { AggregationType, MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { describe, expect, it } from 'vitest';
import { addToProtobuf } from '../../../sdk/src/metrics/exemplar-protobuf.ts';
import { MetricsRequest8 } from '../../support/otlp-metrics-schema.ts';

class PullReader extends MetricReader {
  override async onForceFlush(): Promise<void> {}
  override async onShutdown(): Promise<void> {}
}

describe('the rewriting of a request', () => {
  it('is the same message with exemplars to a full decoder, whatever sizes its parts have', async () => {
    const reader = new PullReader({
      aggregationSelector: () => ({ type: AggregationType.EXPONENTIAL_HISTOGRAM }),
    });
    const histogram = new MeterProvider({ readers: [reader] })
      .getMeter('shop')
      .createHistogram('wait', { description: 'é'.repeat(200) });
    for (let i = 0; i < 60; i++) histogram.record(2 ** i, { text: 'x'.repeat(i * 5) });
    const { resourceMetrics: request } = await reader.collect();
    const plain = ProtobufMetricsSerializer.serializeRequest(request) ?? new Uint8Array(0);
    const spanContext = {
      traceId: 'ab'.repeat(16),
      spanId: 'cd'.repeat(8),
      traceFlags: 1,
    };
    const exemplar = { value: 1, isInteger: false, timeMs: 1_800_000_000_123, spanContext };
    const placed = new Map(
      Array.from({ length: 60 }, (_, i) => [
        `0.0.${i}`,
        Array.from({ length: i % 3 }, () => ({ ...exemplar, filteredAttributes: { long: 'y'.repeat(i * 7) } })),
      ]),
    );
    const decoded = MetricsRequest8.toObject(MetricsRequest8.decode(addToProtobuf(plain, placed)));
    const expected = MetricsRequest8.toObject(MetricsRequest8.decode(plain));
    const of = (message: Record<string, unknown>) => {
      const [resource] = message['resourceMetrics'] as { scopeMetrics: { metrics: Record<string, Points>[] }[] }[];
      return resource?.scopeMetrics[0]?.metrics[0]?.['exponentialHistogram']?.dataPoints ?? [];
    };
    expect(of(decoded).map(({ exemplars = [] }) => exemplars.length)).toEqual(of(decoded).map((_, i) => i % 3));
    for (const point of of(decoded)) delete point.exemplars;
    expect(decoded).toEqual(expected);
  });
});

interface Points {
  dataPoints: { exemplars?: unknown[] }[];
}
