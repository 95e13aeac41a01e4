// OpenLLMetry: its decorator `task`, applied to the descriptor of a method as TypeScript's legacy rules do, because its
// function `withTask` hands no `this` on. Contents are not recorded, which passes more rows than with them.
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import * as traceloop from '@traceloop/node-server-sdk';
import { watching } from './spans.mjs';

export function subject(processor) {
  const exporter = new InMemorySpanExporter();
  traceloop.initialize({
    appName: 'conformance',
    apiKey: 'unused',
    baseUrl: 'http://127.0.0.1:9',
    processor: processor ?? new SimpleSpanProcessor(exporter),
    traceContent: false,
    traceloopSyncEnabled: false,
    silenceInitializationMessage: true,
    tracingEnabled: true,
  });
  return {
    ...watching(exporter, (name) => name.replace(/\.task$/, '')),
    name: 'OpenLLMetry task',
    wrap(name, fn) {
      const descriptor = { value: fn, writable: true, configurable: true, enumerable: false };
      traceloop.task({ name })({}, fn.name, descriptor);
      return descriptor.value;
    },
  };
}
