// This project's instrumentation as the conformance suite sees it: the wrapper and the decorator under both systems.
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { AnyFunction, FinishedSpan, Subject } from '../../sdk/src/conformance/suite.ts';
import { measurePerformance } from '../../sdk/src/index.ts';

/** What a decorator is handed and gives back, whatever the compiler. */
type Apply = (name: string, fn: AnyFunction, callback: boolean) => unknown;

const WAYS: Readonly<Record<string, Apply>> = {
  wrapper: (name, fn, callback) => measurePerformance({ name, callback }, fn),
  'standard decorator': (name, fn, callback) => {
    const decorate = measurePerformance({ name, callback }) as (method: AnyFunction, context: object) => unknown;
    return decorate(fn, { kind: 'method', name: fn.name, static: false, private: false });
  },
  'legacy decorator': (name, fn, callback) => {
    const decorate = measurePerformance({ name, callback }) as unknown as LegacyDecorator;
    return decorate({}, fn.name, { value: fn, writable: true, configurable: true, enumerable: false }).value;
  },
};

type LegacyDecorator = (target: object, key: string, descriptor: PropertyDescriptor) => PropertyDescriptor;

/** Registers a provider for this process and gives one subject a way. */
export function ownSubjects(): readonly Subject[] {
  const exporter = new InMemorySpanExporter();
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }));
  const tracer = trace.getTracer('conformance');
  return Object.entries(WAYS).map(([way, apply]) => ({
    name: way,
    wrap: <F extends AnyFunction>(name: string, fn: F) => apply(name, fn, false) as F,
    wrapCallback: <F extends AnyFunction>(name: string, fn: F) => apply(name, fn, true) as F,
    takeSpans() {
      const spans = exporter.getFinishedSpans().map(finished);
      exporter.reset();
      return spans;
    },
    activeSpanId: () => trace.getActiveSpan()?.spanContext().spanId,
    child: (name: string) => tracer.startSpan(name).end(),
  }));
}

const STATUS = ['unset', 'ok', 'error'] as const;

function finished(span: ReadableSpan): FinishedSpan {
  const [seconds, nanos] = span.duration;
  return {
    name: span.name,
    spanId: span.spanContext().spanId,
    parentSpanId: span.parentSpanContext?.spanId,
    status: STATUS[span.status.code] ?? 'unset',
    hasException: span.events.some(({ name }) => name === 'exception'),
    durationMs: seconds * 1000 + nanos / 1e6,
  };
}
