// Knows which ended spans wait to be exported, so that a process that ends without warning can still hand them over.
// The batch processor of OpenTelemetry keeps them to itself.
import type { ReadableSpan, SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace';
import { TraceFlags } from '@opentelemetry/api';

/** The spans that wait. */
export interface Unsent {
  readonly processor: SpanProcessor;
  /** Stands before the exporter: what it is given is not waiting any more. */
  wrap(exporter: SpanExporter, prepare: (spans: readonly ReadableSpan[]) => void): SpanExporter;
  /** Gives what waits and forgets it. */
  drain(): ReadableSpan[];
}

/** @param maxSpans as many as the queue of the exporter holds; more are dropped there and not kept here */
export function createUnsent(maxSpans: number): Unsent {
  const waiting = new Set<ReadableSpan>();
  return {
    processor: {
      onStart() {},
      onEnd(span) {
        const isSampled = (span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0;
        if (isSampled && waiting.size < maxSpans) waiting.add(span);
      },
      forceFlush: async () => {},
      shutdown: async () => {},
    },
    wrap: (exporter, prepare) => ({
      export(spans, done) {
        for (const span of spans) waiting.delete(span);
        prepare(spans);
        exporter.export(spans, done);
      },
      forceFlush: async () => exporter.forceFlush?.(),
      shutdown: () => exporter.shutdown(),
    }),
    drain() {
      const spans = [...waiting];
      waiting.clear();
      return spans;
    },
  };
}
