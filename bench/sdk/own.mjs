// This project's wrapper as an adapter for the bench of rivals.
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { measurePerformance } from '@evenkeel/sdk';

export function subject(processor) {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [processor] }));
  return { wrap: (name, fn) => measurePerformance(name, fn) };
}
