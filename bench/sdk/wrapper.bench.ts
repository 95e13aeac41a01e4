// What the wrapper costs against the same span written by hand with OpenTelemetry's API: CPU time in one process,
// the two cases interleaved, medians of ratios. Spans end in a processor that drops them, so nothing dilutes a ratio.
import { context, type Span, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { type Sampler, SamplingDecision, TracerProvider } from '@opentelemetry/sdk-trace';
import { measurePerformance } from '../../sdk/dist/index.js';

/** One measured number; `bound` is the most it may be. */
export interface Figure {
  name: string;
  value: number;
  unit: string;
  /** Half the distance between the quartiles, in the same unit. */
  spread: number;
  bound?: number;
  holds?: boolean;
}

type Case = () => unknown;

/**
 * Many short pairs instead of few long ones: what disturbs a shared machine lasts longer than a pair of some
 * milliseconds, so it mostly meets both cases alike. With 41 pairs of 50 ms the medians moved by 0.15, so by 0.02.
 */
const PASSES = 301;
const CALLS = 2000;
const WARM_UP_PASSES = 20;
/** Calls without an SDK take a tenth of the time, so more of them are needed to see past the clock. */
const CALLS_WITHOUT_SDK = 20_000;
/** Collected now and then between pairs, so that no case pays for the garbage of many others. */
const PASSES_BETWEEN_COLLECTIONS = 20;

/** From design.md, section 7. */
const BOUND = { syncRatio: 1.1, asyncRatio: 1.2, syncExtraNs: 30, asyncExtraNs: 70 };

const tracer = trace.getTracer('bench');
const attributes = { 'bench.kind': 'wrapper', 'bench.number': 1, 'bench.flag': true };

const work = (a: number, b: number): number => a * b;
const workLater = async (a: number, b: number): Promise<number> => a * b;

const wrapped = measurePerformance({ name: 'op', attributes: { high: attributes } }, work);
const wrappedLater = measurePerformance({ name: 'op', attributes: { high: attributes } }, workLater);

/** The idiom of OpenTelemetry's own manual. */
const byHand = (a: number, b: number): number =>
  tracer.startActiveSpan('op', { attributes }, (span) => {
    try {
      return work(a, b);
    } catch (error) {
      record(span, error as Error);
      throw error;
    } finally {
      span.end();
    }
  });

const byHandLater = (a: number, b: number): Promise<number> =>
  tracer.startActiveSpan('op', { attributes }, async (span) => {
    try {
      return await workLater(a, b);
    } catch (error) {
      record(span, error as Error);
      throw error;
    } finally {
      span.end();
    }
  });

function record(span: Span, error: Error): void {
  span.recordException(error);
  span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
}

/** Measures all cases; registers a global SDK on the way, so it needs a process of its own. */
export async function run(): Promise<Figure[]> {
  const figures: Figure[] = [];
  const sync = { wrapper: () => wrapped(3, 4), raw: () => byHand(3, 4) };
  const later = { wrapper: () => wrappedLater(3, 4), raw: () => byHandLater(3, 4) };

  for (const [name, cases, bound] of [
    ['no SDK, sync', sync, BOUND.syncExtraNs],
    ['no SDK, async', later, BOUND.asyncExtraNs],
  ] as const) {
    figures.push(extra(name, bound, await compare(cases.wrapper, cases.raw, CALLS_WITHOUT_SDK)));
  }

  const setSampled = registerSdk();
  for (const isSampled of [true, false]) {
    setSampled(isSampled);
    const title = isSampled ? 'sampled' : 'not sampled';
    figures.push(ratio(`${title}, sync`, BOUND.syncRatio, await compare(sync.wrapper, sync.raw, CALLS)));
    figures.push(ratio(`${title}, async`, BOUND.asyncRatio, await compare(later.wrapper, later.raw, CALLS)));
  }
  return figures;
}

function registerSdk(): (isSampled: boolean) => void {
  let decision = SamplingDecision.NOT_RECORD;
  const sampler: Sampler = { shouldSample: () => ({ decision }), toString: () => 'Switched' };
  const dropping = {
    onStart: () => {},
    onEnd: () => {},
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(new TracerProvider({ sampler, spanProcessors: [dropping] }));
  return (isSampled) => {
    decision = isSampled ? SamplingDecision.RECORD_AND_SAMPLED : SamplingDecision.NOT_RECORD;
  };
}

interface Pass {
  readonly wrapperNs: number;
  readonly rawNs: number;
}

/** CPU nanoseconds a call of both cases, pass by pass; which goes first alternates. */
async function compare(wrapper: Case, raw: Case, calls: number): Promise<Pass[]> {
  const passes: Pass[] = [];
  for (let pass = -WARM_UP_PASSES; pass < PASSES; pass++) {
    if (pass % PASSES_BETWEEN_COLLECTIONS === 0) globalThis.gc?.();
    const isWrapperFirst = pass % 2 === 0;
    const first = await cpuNs(isWrapperFirst ? wrapper : raw, calls);
    const second = await cpuNs(isWrapperFirst ? raw : wrapper, calls);
    const [wrapperNs, rawNs] = isWrapperFirst ? [first, second] : [second, first];
    if (pass >= 0) passes.push({ wrapperNs, rawNs });
  }
  return passes;
}

async function cpuNs(call: Case, calls: number): Promise<number> {
  const before = process.cpuUsage();
  for (let i = 0; i < calls; i++) {
    const result = call();
    if (result instanceof Promise) await result;
  }
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / calls;
}

function ratio(name: string, bound: number, passes: readonly Pass[]): Figure {
  return figure(
    `wrapper / raw: ${name}`,
    '×',
    bound,
    passes.map(({ wrapperNs, rawNs }) => wrapperNs / rawNs),
  );
}

function extra(name: string, bound: number, passes: readonly Pass[]): Figure {
  return figure(
    `wrapper - raw: ${name}`,
    'ns',
    bound,
    passes.map(({ wrapperNs, rawNs }) => wrapperNs - rawNs),
  );
}

function figure(name: string, unit: string, bound: number, samples: number[]): Figure {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? Number.NaN;
  const value = at(0.5);
  return { name, value, unit, spread: (at(0.75) - at(0.25)) / 2, bound, holds: value <= bound };
}
