// What the wrapper costs against the same span written by hand with OpenTelemetry's API: span only.
import { type Span, SpanStatusCode, trace } from '@opentelemetry/api';
import { measurePerformance } from '../../sdk/dist/index.js';
import type { Figure } from '../figure.ts';
import { compare, extra, ratio } from './pairs.ts';
import { registerSdk } from './switched-provider.ts';

/** Calls without an SDK take a tenth of the time, so more of them are needed to see past the clock. */
const WITHOUT_SDK = { calls: 20_000 };

/** From issue 7: against the same span by hand. */
const BOUND = { syncRatio: 1.1, asyncRatio: 1.2, syncExtraNs: 30, asyncExtraNs: 70 };

const tracer = trace.getTracer('bench');
const attributes = { 'bench.kind': 'wrapper', 'bench.number': 1, 'bench.flag': true };

const work = (a: number, b: number): number => a * b;
const workLater = async (a: number, b: number): Promise<number> => a * b;

const wrapped = measurePerformance({ name: 'op', attributes: { high: attributes } }, work);
/** A name alone. With no attributes on either side, less hides what a wrapper adds. */
const named = measurePerformance('op', work);
const namedLater = measurePerformance('op', workLater);
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

const byHandNamed = (a: number, b: number): number =>
  tracer.startActiveSpan('op', (span) => {
    try {
      return work(a, b);
    } catch (error) {
      record(span, error as Error);
      throw error;
    } finally {
      span.end();
    }
  });

const byHandNamedLater = (a: number, b: number): Promise<number> =>
  tracer.startActiveSpan('op', async (span) => {
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
  const sync = { wrapper: () => wrapped(3, 4), raw: () => byHand(3, 4), bare: () => work(3, 4) };
  const later = { wrapper: () => wrappedLater(3, 4), raw: () => byHandLater(3, 4), bare: () => workLater(3, 4) };
  const figures = [
    extra('wrapper - raw: no SDK, sync', await compare(sync.wrapper, sync.raw, WITHOUT_SDK), {
      atMost: BOUND.syncExtraNs,
    }),
    extra('wrapper - raw: no SDK, async', await compare(later.wrapper, later.raw, WITHOUT_SDK), {
      atMost: BOUND.asyncExtraNs,
    }),
    extra('wrapper - bare function: no SDK, sync', await compare(sync.wrapper, sync.bare, WITHOUT_SDK)),
    extra('wrapper - bare function: no SDK, async', await compare(later.wrapper, later.bare, WITHOUT_SDK)),
  ];
  const setSampled = registerSdk();
  for (const [title, isSampled] of [
    ['sampled', true],
    ['not sampled', false],
  ] as const) {
    setSampled(isSampled);
    const pairs = await compare(sync.wrapper, sync.raw);
    const pairsLater = await compare(later.wrapper, later.raw);
    figures.push(ratio(`wrapper / raw: ${title}, sync`, pairs, { atMost: BOUND.syncRatio }));
    figures.push(ratio(`wrapper / raw: ${title}, async`, pairsLater, { atMost: BOUND.asyncRatio }));
    const alone = await compare(
      () => named(3, 4),
      () => byHandNamed(3, 4),
    );
    const aloneLater = await compare(
      () => namedLater(3, 4),
      () => byHandNamedLater(3, 4),
    );
    figures.push(ratio(`wrapper / raw: ${title}, sync, no attributes`, alone, { atMost: BOUND.syncRatio }));
    figures.push(ratio(`wrapper / raw: ${title}, async, no attributes`, aloneLater, { atMost: BOUND.asyncRatio }));
  }
  return figures;
}
