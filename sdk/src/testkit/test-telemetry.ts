// OpenTelemetry for tests: real tracers and meters in this process, whose spans and metrics stay in memory.
import { context, metrics, type Meter, trace, type Tracer } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  AggregationType,
  InstrumentType,
  MeterProvider,
  MetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  AlwaysOnSampler,
  type ReadableSpan,
  type Sampler,
  type SpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { assertNone, type Misuse, type MisuseKind, MisuseWatch } from './misuse.ts';
import { TestContextManager } from './test-context.ts';
import { type TestMetric, testMetricsOf } from './test-metric.ts';
import { type TestSpan, testSpanOf } from './test-span.ts';

export interface TestTelemetryOptions {
  /** Attributes of the resource. */
  readonly resource?: Readonly<Record<string, string | number | boolean>>;
  /** Of spans; all of them unless given. */
  readonly sampler?: Sampler;
  /** Further processors, which see spans before they are kept. */
  readonly spanProcessors?: readonly SpanProcessor[];
}

/** Telemetry of a test file. */
export interface TestTelemetry {
  /** For code under test that is handed a tracer or a meter; others find them through the API. */
  readonly tracer: Tracer;
  readonly meter: Meter;
  /** Spans that ended since the last reset, in the order of their end; 20 000 at most. */
  spans(): TestSpan[];
  /** Durations in milliseconds of the spans of a name that ended without an error, in the order of their end. */
  durationsOf(name: string): number[];
  /** What was measured since the last call or reset; counters and histograms begin at zero after it. */
  metrics(): Promise<TestMetric[]>;
  /** What was done wrongly with spans since the last reset. To be asked where no span should be active or open. */
  findMisuse(): Misuse[];
  /** @param allow kinds that are meant @throws AssertionError with all that was found */
  assertNoMisuse(allow?: readonly MisuseKind[]): void;
  /** Forgets spans, metrics and misuse; tracers and instruments stay good. */
  reset(): Promise<void>;
  /** Takes it out of the API again. Tracers that a module got before then record nothing any more. */
  shutdown(): Promise<void>;
}

const MAX_SPANS = 20_000;
const SCOPE_NAME = 'test';

/**
 * Registers tracers, meters and context in this process. Once a test file, with `reset()` between tests: modules keep the
 * tracer they got first.
 *
 * @throws Error where another SDK is registered
 */
export function createTestTelemetry(options: TestTelemetryOptions = {}): TestTelemetry {
  const watch = new MisuseWatch();
  const kept: ReadableSpan[] = [];
  const keeping = keepingProcessor(kept, watch);
  const resource = resourceFromAttributes({ 'service.name': 'test', ...options.resource });
  const tracers = new TracerProvider({
    resource,
    sampler: options.sampler ?? new AlwaysOnSampler(),
    spanProcessors: [...(options.spanProcessors ?? []), keeping],
  });
  const reader = new MemoryReader();
  const meters = new MeterProvider({ resource, readers: [reader] });
  const manager = new TestContextManager(watch);
  register(tracers, meters, manager);
  return {
    tracer: tracers.getTracer(SCOPE_NAME),
    meter: meters.getMeter(SCOPE_NAME),
    spans: () => kept.map(testSpanOf),
    durationsOf: (name) =>
      kept.map(testSpanOf).flatMap((span) => (span.name === name && span.status !== 'error' ? [span.durationMs] : [])),
    metrics: async () => testMetricsOf((await reader.collect()).resourceMetrics),
    findMisuse: () => watch.find(manager.active()),
    assertNoMisuse: (allow = []) =>
      assertNone(watch.find(manager.active()).filter(({ kind }) => !allow.includes(kind))),
    reset: async () => {
      kept.length = 0;
      watch.clear();
      await reader.collect();
    },
    shutdown: async () => {
      trace.disable();
      metrics.disable();
      context.disable();
      await Promise.all([tracers.shutdown(), meters.shutdown()]);
    },
  };
}

function register(tracers: TracerProvider, meters: MeterProvider, manager: TestContextManager): void {
  const undo: (() => void)[] = [];
  const set = (isSet: boolean, disable: () => void): boolean => {
    if (isSet) undo.push(disable);
    return isSet;
  };
  const isRegistered =
    set(context.setGlobalContextManager(manager), () => context.disable()) &&
    set(trace.setGlobalTracerProvider(tracers), () => trace.disable()) &&
    set(metrics.setGlobalMeterProvider(meters), () => metrics.disable());
  if (isRegistered) return;
  // Nothing is left half done, and nothing that was there is taken away.
  for (const disable of undo) disable();
  throw new Error('another OpenTelemetry SDK is registered in this process; shut it down before createTestTelemetry');
}

function keepingProcessor(kept: ReadableSpan[], watch: MisuseWatch): SpanProcessor {
  return {
    onStart: (span, parent) => watch.started(span, parent),
    onEnd: (span) => void (kept.length < MAX_SPANS && kept.push(span)),
    forceFlush: async () => {},
    shutdown: async () => {},
  };
}

/** Hands out what was measured since it was asked last. */
class MemoryReader extends MetricReader {
  constructor() {
    super({
      aggregationTemporalitySelector: (type) =>
        type === InstrumentType.UP_DOWN_COUNTER || type === InstrumentType.OBSERVABLE_UP_DOWN_COUNTER
          ? AggregationTemporality.CUMULATIVE
          : AggregationTemporality.DELTA,
      aggregationSelector: () => ({ type: AggregationType.DEFAULT }),
    });
  }

  protected override async onForceFlush(): Promise<void> {}

  protected override async onShutdown(): Promise<void> {}
}
