// OpenTelemetry's API by hand, as its manual shows it.
// Whoever writes a span into a function keeps its name, length and properties, so they are kept here.
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { byHand } from './idiom.mjs';
import { watching } from './spans.mjs';

export function subject() {
  const exporter = new InMemorySpanExporter();
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }));
  return {
    ...watching(exporter),
    name: 'OpenTelemetry by hand',
    wrap: (name, fn) => alike(byHand(name, fn), fn),
  };
}

function alike(wrapped, fn) {
  const { prototype: _, ...kept } = Object.getOwnPropertyDescriptors(fn);
  return Object.defineProperties(wrapped, kept);
}
