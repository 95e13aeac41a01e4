// What the wrapper costs with metrics, which are its default: a span, an exponential histogram of durations and a counter
// of calls, against the sum of the raw calls written by hand.
import { metrics, type Span, SpanStatusCode, trace } from '@opentelemetry/api';
import { AggregationType, InstrumentType, MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { measurePerformance } from '../../sdk/dist/index.js';
import type { Figure } from '../figure.ts';
import { compare, extra, ratio } from './pairs.ts';
import { registerSdk } from './switched-provider.ts';

/** From issue 7. */
const BOUND = 1.2;

const tracer = trace.getTracer('bench');
const spanAttributes = { 'bench.kind': 'wrapper', 'bench.number': 1, 'bench.flag': true };

const work = (a: number, b: number): number => a * b;
const workLater = async (a: number, b: number): Promise<number> => a * b;

const high = { attributes: { high: spanAttributes } };
const wrapped = measurePerformance({ name: 'op', ...high }, work);
const wrappedLater = measurePerformance({ name: 'op', ...high }, workLater);
const spanOnly = measurePerformance({ name: 'op', ...high, metrics: false }, work);
const spanOnlyLater = measurePerformance({ name: 'op', ...high, metrics: false }, workLater);

/** Read now and then, as a periodic reader does. */
class OnDemand extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

/** Measures all cases; registers global providers on the way, so it needs a process of its own. */
export async function run(): Promise<Figure[]> {
  const reader = new OnDemand({
    aggregationSelector: (type) => ({
      type: type === InstrumentType.HISTOGRAM ? AggregationType.EXPONENTIAL_HISTOGRAM : AggregationType.DEFAULT,
    }),
  });
  const provider = new MeterProvider({ readers: [reader] });
  metrics.setGlobalMeterProvider(provider);
  const setSampled = registerSdk();
  const { byHand, byHandLater } = rawCalls(provider);
  const rest = { rest: () => reader.collect() };
  const figures: Figure[] = [];
  for (const [title, isSampled] of [
    ['sampled', true],
    ['not sampled', false],
  ] as const) {
    setSampled(isSampled);
    for (const [shape, ours, without, raw] of [
      ['sync', () => wrapped(3, 4), () => spanOnly(3, 4), () => byHand(3, 4)],
      ['async', () => wrappedLater(3, 4), () => spanOnlyLater(3, 4), () => byHandLater(3, 4)],
    ] as const) {
      const pairs = await compare(ours, raw, rest);
      figures.push(ratio(`wrapper with metrics / raw calls: ${title}, ${shape}`, pairs, { atMost: BOUND }));
      figures.push(extra(`metrics of the wrapper: ${title}, ${shape}`, await compare(ours, without, rest)));
    }
  }
  const { resourceMetrics } = await reader.collect();
  // Both sides really recorded, each into instruments of its own scope.
  if (resourceMetrics.scopeMetrics.length !== 2) throw new Error('one side has recorded nothing');
  return figures;
}

/** The idiom of the manual around span, histogram and counter, with attribute sets made once, as the wrapper's are. */
function rawCalls(provider: MeterProvider) {
  const meter = provider.getMeter('bench');
  const duration = meter.createHistogram('bench.operation.duration', { unit: 's' });
  const calls = meter.createCounter('bench.operation.calls');
  const labels = { 'evenkeel.operation.name': 'op' };

  function byHand(a: number, b: number): number {
    const startMs = performance.now();
    return tracer.startActiveSpan('op', { attributes: spanAttributes }, (span) => {
      try {
        return work(a, b);
      } catch (error) {
        record(span, error as Error);
        throw error;
      } finally {
        duration.record((performance.now() - startMs) / 1000, labels);
        calls.add(1, labels);
        span.end();
      }
    });
  }

  function byHandLater(a: number, b: number): Promise<number> {
    const startMs = performance.now();
    return tracer.startActiveSpan('op', { attributes: spanAttributes }, async (span) => {
      try {
        return await workLater(a, b);
      } catch (error) {
        record(span, error as Error);
        throw error;
      } finally {
        duration.record((performance.now() - startMs) / 1000, labels);
        calls.add(1, labels);
        span.end();
      }
    });
  }
  return { byHand, byHandLater };
}

function record(span: Span, error: Error): void {
  span.recordException(error);
  span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
}
