// What all adapters share: how a subject looks at spans that an exporter of OpenTelemetry's SDK holds in memory.
// Copied beside the adapter into the folder of a rival, so `@opentelemetry/api` is the copy that the rival uses.
import { trace } from '@opentelemetry/api';

const STATUS = ['unset', 'ok', 'error'];

/**
 * Makes a subject without its ways to wrap.
 *
 * @param exporter an InMemorySpanExporter
 * @param nameOf gives the name that the suite asked for where the rival makes another of it
 */
export function watching(exporter, nameOf = (name) => name) {
  return {
    takeSpans() {
      const spans = exporter.getFinishedSpans().map((span) => finished(span, nameOf));
      exporter.reset();
      return spans;
    },
    activeSpanId: () => trace.getActiveSpan()?.spanContext().spanId,
    child: (name) => trace.getTracer('conformance').startSpan(name).end(),
  };
}

function finished(span, nameOf) {
  const [seconds, nanos] = span.duration;
  return {
    name: nameOf(span.name),
    spanId: span.spanContext().spanId,
    parentSpanId: span.parentSpanContext?.spanId ?? span.parentSpanId,
    status: STATUS[span.status.code] ?? 'unset',
    hasException: span.events.some(({ name }) => name === 'exception'),
    durationMs: seconds * 1000 + nanos / 1e6,
  };
}
