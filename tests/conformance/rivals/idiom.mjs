// A span written by hand as OpenTelemetry's manual shows it: startActiveSpan, try, catch, finally; await in async functions.
import { SpanStatusCode, trace } from '@opentelemetry/api';

const tracer = trace.getTracer('conformance');

/** Gives a function with a span around each call. */
export function byHand(name, fn) {
  return fn.constructor.name === 'AsyncFunction' ? later(name, fn) : atOnce(name, fn);
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
