// A tracer provider that keeps finished spans in memory, registered globally as a program's would be.
import { context, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AlwaysOnSampler,
  InMemorySpanExporter,
  type ReadableSpan,
  type Sampler,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { expect } from 'vitest';

/** What a test sees of the spans that ended. */
export interface SpanLog {
  /** Finished spans since the last call, in order of their end. */
  take(): ReadableSpan[];
}

/** Registers the provider for the rest of the test file; once per file. */
export function recordSpans(sampler: Sampler = new AlwaysOnSampler()): SpanLog {
  const exporter = new InMemorySpanExporter();
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(
    new TracerProvider({ sampler, spanProcessors: [new SimpleSpanProcessor({ exporter })] }),
  );
  return {
    take() {
      const spans = exporter.getFinishedSpans();
      exporter.reset();
      return spans;
    },
  };
}

/** Reads an async iterable to its end. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** Asserts that exactly one span of that name ended since the last look, how it ended, and how many it is parent of. */
export function expectSpan(log: SpanLog, name: string, outcome: 'unset' | 'error', children = 0): void {
  const spans = log.take();
  const [span, ...others] = spans.filter((candidate) => candidate.name === name);
  expect(span, `a span ${name}`).toBeDefined();
  expect(others).toEqual([]);
  expect(span?.status.code).toBe(outcome === 'error' ? SpanStatusCode.ERROR : SpanStatusCode.UNSET);
  const inside = spans.filter(({ parentSpanContext }) => parentSpanContext?.spanId === span?.spanContext().spanId);
  expect(inside).toHaveLength(children);
}
