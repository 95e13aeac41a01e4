// Records the spans of a test file in memory. Call `recordSpans()` once, at the top of the file.
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { beforeEach } from 'vitest';

export interface RecordedSpans {
  all(): ReadableSpan[];
  /** Forgets those until now, within a test. */
  reset(): void;
  /** Ended spans of one name, in the order they ended. */
  named(name: string): ReadableSpan[];
}

/** Registers a tracer for the whole file; each test starts without spans. */
export function recordSpans(): RecordedSpans {
  const exporter = new InMemorySpanExporter();
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }));
  beforeEach(() => exporter.reset());
  return {
    all: () => exporter.getFinishedSpans(),
    reset: () => exporter.reset(),
    named: (name) => exporter.getFinishedSpans().filter((span) => span.name === name),
  };
}
