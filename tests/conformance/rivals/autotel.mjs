// autotel: `trace`, every call sampled.
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { init, trace } from 'autotel';
import { watching } from './spans.mjs';

export function subject(processor) {
  const exporter = new InMemorySpanExporter();
  init({
    service: 'conformance',
    spanProcessors: [processor ?? new SimpleSpanProcessor(exporter)],
    sampling: 'development',
    metrics: false,
    autoInstrumentations: false,
  });
  return { ...watching(exporter), name: 'autotel trace', wrap: (name, fn) => trace(name, fn) };
}
