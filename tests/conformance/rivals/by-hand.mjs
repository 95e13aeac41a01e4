// OpenTelemetry's API by hand, as its manual shows it: startActiveSpan, try, catch, finally, and await in async functions.
// Whoever writes a span into a function keeps its name, length and properties, so they are kept here.
import { context, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { watching } from './spans.mjs';

const tracer = trace.getTracer('conformance');

export function subject() {
  const exporter = new InMemorySpanExporter();
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }));
  return {
    ...watching(exporter),
    name: 'OpenTelemetry by hand',
    wrap: (name, fn) => alike(fn.constructor.name === 'AsyncFunction' ? later(name, fn) : atOnce(name, fn), fn),
  };
}

function atOnce(name, fn) {
  return function (...args) {
    return tracer.startActiveSpan(name, (span) => {
      try {
        return fn.apply(this, args);
      } catch (error) {
        record(span, error);
        throw error;
      } finally {
        span.end();
      }
    });
  };
}

function later(name, fn) {
  return function (...args) {
    return tracer.startActiveSpan(name, async (span) => {
      try {
        return await fn.apply(this, args);
      } catch (error) {
        record(span, error);
        throw error;
      } finally {
        span.end();
      }
    });
  };
}

function record(span, error) {
  if (error instanceof Error) span.recordException(error);
  span.setStatus({ code: SpanStatusCode.ERROR });
}

function alike(wrapped, fn) {
  const { prototype: _, ...kept } = Object.getOwnPropertyDescriptors(fn);
  return Object.defineProperties(wrapped, kept);
}
