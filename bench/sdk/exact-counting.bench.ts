// What exact counting costs: a span that is counted whether or not it is sampled, against a sampled span and the record of
// its duration by hand. CPU time in one process, cases interleaved, medians of ratios; spans end in processors that drop.
import { context, trace, TraceFlags, type Tracer } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AggregationType, MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { AlwaysOnSampler, type Sampler, type SpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import {
  createExemplars,
  SpanMetricsProcessor,
  createAlwaysRecordSampler,
  createConsistentProbabilitySampler,
} from '../../sdk/dist/sampling.js';
import { type Figure, summary } from '../figure.ts';

/** As in wrapper.bench.ts: many short passes, so that what disturbs a shared machine mostly meets all cases alike. */
const PASSES = process.env['BENCH_QUICK'] === '1' ? 5 : 301;
const CALLS = 2000;
const WARM_UP_PASSES = 20;
const PASSES_BETWEEN_COLLECTIONS = 20;

/** Counting everything costs at most a fifth more than sampling everything and recording it by hand. */
const BOUND = 1.2;

/** Of one record; a span around it costs three times as much as the record. */
const EXEMPLAR_BOUND = 1.5;

const RATIOS = [0, 0.1, 1];
const attributes = { 'bench.kind': 'wrapper', 'bench.number': 1, 'bench.flag': true };
const recorded = {
  'service.name': 'bench',
  'span.name': 'op',
  'span.kind': 'SPAN_KIND_INTERNAL',
  'status.code': 'STATUS_CODE_UNSET',
};

type Case = () => void;

class Reader extends MetricReader {
  override async onForceFlush(): Promise<void> {}
  override async onShutdown(): Promise<void> {}
}

const dropping: SpanProcessor = {
  onStart: () => {},
  onEnd: () => {},
  forceFlush: () => Promise.resolve(),
  shutdown: () => Promise.resolve(),
};

/** Measures all cases; registers a context manager on the way, so it needs a process of its own. */
export async function run(): Promise<Figure[]> {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const sampled = spanBy(tracerOf(new AlwaysOnSampler(), dropping));
  const histogram = meterProvider().getMeter('bench').createHistogram('duration', { unit: 's' });
  const record = (): void => histogram.record(0.0123, recorded);
  const figures: Figure[] = [];
  for (const ratio of RATIOS) {
    const sampler = createAlwaysRecordSampler(createConsistentProbabilitySampler(ratio));
    const counting = new SpanMetricsProcessor();
    const counted = spanBy(tracerOf(sampler, counting));
    const passes = compare([counted, sampled, record]);
    const ratios = passes.map(([ours = NaN, span = NaN, alone = NaN]) => ours / (span + alone));
    const { value, spread } = summary(ratios);
    const name = `counted / (sampled + record): ${ratio * 100} % sampled`;
    figures.push({ name, value, spread, unit: '×', bound: BOUND, holds: value <= BOUND });
    const each = ['counted span', 'sampled span', 'record'].map((title, i) => ({
      name: `${title}: ${ratio * 100} % sampled`,
      ...summary(passes.map((pass) => pass[i] ?? NaN)),
      unit: 'ns',
    }));
    figures.push(...(ratio === 0.1 ? each : each.slice(0, 1)));
  }
  return [...figures, ...exemplarFigures()];
}

/** What a measurement costs that may become an exemplar, in a sampled span and in one that is not. */
function exemplarFigures(): Figure[] {
  const figures: Figure[] = [];
  for (const flags of [TraceFlags.SAMPLED, TraceFlags.NONE]) {
    const spanContext = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: flags };
    const active = trace.setSpanContext(context.active(), spanContext);
    const plain = meterProvider();
    const wrapped = createExemplars().meterProvider(meterProvider());
    const [raw, offered] = [plain, wrapped].map((provider) => {
      const histogram = provider.getMeter('bench').createHistogram('duration', { unit: 's' });
      let n = 0;
      return () => histogram.record(++n % 1000, recorded);
    });
    if (raw === undefined || offered === undefined) return [];
    const ratios = context.with(active, () => compare([offered, raw]).map(([a = NaN, b = NaN]) => a / b));
    const { value, spread } = summary(ratios);
    const name = `record with exemplars / record: ${flags === TraceFlags.SAMPLED ? 'sampled' : 'not sampled'} span`;
    figures.push({ name, value, spread, unit: '×', bound: EXEMPLAR_BOUND, holds: value <= EXEMPLAR_BOUND });
  }
  return figures;
}

function tracerOf(sampler: Sampler, processor: SpanProcessor): Tracer {
  const resource = resourceFromAttributes({ 'service.name': 'bench' });
  return new TracerProvider({ resource, sampler, spanProcessors: [processor] }).getTracer('bench');
}

function meterProvider(): MeterProvider {
  const reader = new Reader({
    aggregationSelector: (type) => ({
      type: type === 'HISTOGRAM' ? AggregationType.EXPONENTIAL_HISTOGRAM : AggregationType.DEFAULT,
    }),
  });
  return new MeterProvider({ readers: [reader] });
}

/** A trace of its own each time, so that the sampler decides. */
function spanBy(tracer: Tracer): Case {
  return () => tracer.startActiveSpan('op', { attributes }, trace.deleteSpan(context.active()), (span) => span.end());
}

/** CPU nanoseconds a call of each case, pass by pass; which goes first changes. */
function compare(cases: readonly Case[]): number[][] {
  const passes: number[][] = [];
  for (let pass = -WARM_UP_PASSES; pass < PASSES; pass++) {
    if (pass % PASSES_BETWEEN_COLLECTIONS === 0) globalThis.gc?.();
    const taken: number[] = [];
    for (let i = 0; i < cases.length; i++) {
      const place = (i + pass + WARM_UP_PASSES) % cases.length;
      const each = cases[place];
      if (each !== undefined) taken[place] = cpuNs(each);
    }
    if (pass >= 0) passes.push(taken);
  }
  return passes;
}

function cpuNs(call: Case): number {
  const before = process.cpuUsage();
  for (let i = 0; i < CALLS; i++) call();
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / CALLS;
}
