// Registers OpenTelemetry's SDK for rivals that bring none of their own, as their documentation has it done.
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';

/** @param processor in place of one that keeps spans in memory */
export function register(processor) {
  const exporter = new InMemorySpanExporter();
  new NodeTracerProvider({ spanProcessors: [processor ?? new SimpleSpanProcessor(exporter)] }).register();
  return exporter;
}
