// Public functions are given what types forbid and JavaScript allows. Nothing is thrown but a coded error when something is
// made of options, and a program's own values and errors pass through.
import { ROOT_CONTEXT, SpanKind } from '@opentelemetry/api';
import { anything, type Arbitrary, array, assert, constantFrom, oneof, property, record } from 'fast-check';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import * as sdk from '../../sdk/src/index.ts';
import * as monitor from '../../sdk/src/monitor/entry.ts';
import { resolveSettings } from '../../sdk/src/options.ts';
import * as sampling from '../../sdk/src/sampling.ts';
import { recordMeasurements } from '../support/measurements.ts';
import { recordSpans } from '../support/spans.ts';

const spans = recordSpans();
recordMeasurements();
// Each instrument that is not used says so.
beforeAll(() => void vi.spyOn(process.stderr, 'write').mockReturnValue(true));

const TRAPS = ['get', 'has', 'ownKeys', 'getPrototypeOf', 'getOwnPropertyDescriptor', 'apply', 'set', 'defineProperty'];
function trap(): never {
  throw new Error('do not look');
}
const makers: Readonly<Record<string, () => unknown>> = {
  'a proxy that throws': () => new Proxy({}, Object.fromEntries(TRAPS.map((name) => [name, trap]))),
  'a function that must not be looked at': () =>
    new Proxy(() => 1, Object.fromEntries(TRAPS.map((name) => [name, trap]))),
  'a revoked proxy': () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  },
  'an object without a prototype': () => Object.create(null) as object,
  'a cycle': () => {
    const cycle: Record<string, unknown> = { name: 'cycle', low: {}, high: {} };
    return Object.assign(cycle, { self: cycle, low: cycle, high: cycle });
  },
  'something deep': () => Array.from({ length: 20_000 }).reduce<object>((inner) => ({ high: inner, inner }), {}),
  'throwing getters': () => Object.defineProperties({}, Object.fromEntries(KEYS.map((key) => [key, { get: trap }]))),
  'something frozen': () => Object.freeze({ name: 'frozen', low: Object.freeze({}) }),
  'no text': () => ({ toString: trap, valueOf: trap, [Symbol.toPrimitive]: trap }),
  'a long text': () => 'x'.repeat(100_000),
  'half a character': () => '\uD800',
  'a symbol': () => Symbol('s'),
  'a bigint': () => 10n,
  'no number': () => Number.NaN,
  endless: () => Infinity,
  'a class': () => Map,
  nothing: () => null,
  bytes: () => Buffer.from('x'),
  'no date': () => new Date(Number.NaN),
};
const KEYS = ['name', 'system', 'attributes', 'operation', 'store', 'methods', 'then', 'next', 'durationMs', 'rows'];

/** Values are made when they are used: fast-check looks at what it is given. */
type Made = () => unknown;

const hostile: Arbitrary<Made> = oneof(
  { weight: 3, arbitrary: constantFrom(...Object.values(makers)) },
  {
    weight: 1,
    arbitrary: anything({ withBigInt: true, withNullPrototype: true, maxDepth: 2 }).map((value) => () => value),
  },
);
const SPOILT = [...KEYS, 'type', 'slo', 'recordResult', 'low', 'fallbacks', 'kind', 'query'];
/** Options that have what is needed, and something hostile in them. */
const spoilt: Arbitrary<Made> = record(Object.fromEntries(SPOILT.map((key) => [key, hostile])), {
  requiredKeys: [],
}).map((makersOf) => () => ({ name: 'n', system: 's', operation: 'put', store: 's', ...madeOf(makersOf) }));
const options = oneof(hostile, spoilt);

function madeOf(makersOf: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(makersOf).map(([key, make]) => [key, (make as Made)()]));
}
const RUNS = { numRuns: 60, seed: 11 };

type Anything = (...args: unknown[]) => unknown;

/** Runs what may throw a coded error and no other. */
function made(make: () => unknown): unknown {
  try {
    return make();
  } catch (error) {
    expect(error).toBeInstanceOf(sdk.EvenkeelError);
    return undefined;
  }
}

describe('hostile arguments', () => {
  const { measurePerformance, traceWorkflow, traceNode, traceAgent, traceTool, traceRetrieval } = sdk;
  const { traceMemoryOperation, traceLLM, traceTransaction, traceQuery } = sdk;
  const instruments = [
    [measurePerformance, traceWorkflow, traceNode, traceAgent, traceTool, traceRetrieval],
    [traceMemoryOperation, traceLLM, traceTransaction, traceQuery],
  ].flat() as unknown as ((given: unknown, fn?: unknown) => Anything)[];

  it.each(instruments.map((instrument) => ({ name: instrument.name, instrument })))(
    'of $name change no result and no error',
    ({ instrument }) => {
      assert(
        property(options, hostile, (givenMade, valueMade) => {
          const given = givenMade();
          const value = valueMade();

          const wrapped = instrument(given, (first: unknown) => first);
          expect(Object.is(wrapped(value), value)).toBe(true);
          const error = new Error('mine');
          const failing = instrument(given, () => {
            throw error;
          });
          expect(() => failing(value)).toThrow(error);
          const decorated = instrument(given)((first: unknown) => first, { kind: 'method', name: 'm' }) as Anything;
          expect(Object.is(decorated(value), value)).toBe(true);
          expect(() => instrument(given, value)).not.toThrow();
          spans.take();
        }),
        RUNS,
      );
    },
  );

  it('from callbacks of a program change nothing', () => {
    assert(
      property(hostile, hostile, hostile, (attributesMade, resultMade, valueMade) => {
        const attributes = attributesMade();
        const result = resultMade();
        const value = valueMade();

        const asked = { attributes: () => attributes, recordResult: () => result, argsSize: true, log: 'all' };
        const wrapped = measurePerformance({ name: 'n', ...asked } as never, (first: unknown) => first);
        expect(Object.is(wrapped(value), value)).toBe(true);
        spans.take();
      }),
      RUNS,
    );
  });

  it('of what records is ignored', () => {
    const tracer = sdk.getWorkflowTracer();
    assert(
      property(options, hostile, hostile, (givenMade, nameMade, valueMade) => {
        const given = givenMade();
        const name = nameMade();
        const value = valueMade();

        sdk.recordLockWait(1, given as never);
        sdk.recordLockWait(value as never, undefined as never);
        sdk.recordEvaluation(given as never);
        sdk.lowCardinality(value as never, value as never);
        expect(
          Object.is(
            tracer.run(name as never, given as never, () => value),
            value,
          ),
        ).toBe(true);
        const workflow = tracer.startWorkflow(name as never, given as never);
        expect(
          Object.is(
            workflow.node(name as never, () => value),
            value,
          ),
        ).toBe(true);
        workflow.end(value);
        measured(given, name);
        spans.take();
      }),
      RUNS,
    );
  });

  /** Classes and decorators of them. */
  function measured(given: unknown, name: unknown): void {
    class Shop {
      sell(): number {
        return 1;
      }
    }
    sdk.measureMethods(given as never)(Shop as never);
    sdk.measureMethods({ methods: [name, 'sell'] as never, prefix: name as never })(Shop as never);
    expect(new Shop().sell()).toBe(1);
  }

  it('of what observes objects come back', () => {
    const { instrumentPool, instrumentObjectPool, instrumentCache, instrumentWebSocket } = sdk;
    const { instrumentQueue, instrumentBreaker, instrumentConnections } = sdk;
    const all = [
      [instrumentPool, instrumentObjectPool, instrumentCache, instrumentWebSocket],
      [instrumentQueue, instrumentBreaker, instrumentConnections],
    ].flat() as unknown as Anything[];
    assert(
      property(constantFrom(...all), hostile, options, (instrument, targetMade, givenMade) => {
        const target = targetMade();
        const given = givenMade();

        expect(Object.is(instrument(target, given), target)).toBe(true);
        const cache = new Map([[1, 2]]);
        expect((instrument(cache, given) as typeof cache).get(1)).toBe(2);
        sdk.uninstrument(target as never);
      }),
      { ...RUNS, numRuns: 150 },
    );
  });

  it('of monitors are refused when one is made, and ignored later', () => {
    const tables = new monitor.PerformanceMonitor();
    const queries = new monitor.QueryPerformanceTracker();
    const numbers = ['maxTypes', 'maxNodes', 'intervalMs', 'maxSlow', 'maxShapes', 'slowMs'];
    const limits = record(Object.fromEntries(numbers.map((key) => [key, hostile])), { requiredKeys: [] });
    assert(
      property(options, limits, hostile, hostile, (givenMade, numbered, nameMade, valueMade) => {
        const given = givenMade();
        const name = nameMade();
        const value = valueMade();

        for (const each of [given, numbered]) {
          made(() => new monitor.PerformanceMonitor(each as never));
          made(() => new monitor.ResourceMonitor(each as never));
          made(() => new monitor.QueryPerformanceTracker(each as never));
        }
        tables.recordOperation(name as never, value as never, given as never);
        tables.recordWorkflow(name as never, 1, true, given as never);
        tables.recordNode(name as never, value as never, 1);
        tables.getStatistics(name as never);
        tables.registerAlertCallback(value as never);
        queries.record(given as never);
        queries.record({ system: name, text: value, durationMs: 1, error: given } as never);
        JSON.stringify([tables.exportMetrics(), queries.report()]);
        monitor.sanitizeQuery(value as never, name as never);
      }),
      RUNS,
    );
  });

  it('of samplers are refused when one is made', () => {
    const makersOf = Object.values(sampling).filter((each) => !/^class|Remote/.test(String(each))) as Anything[];
    makersOf.push((given) => new sampling.SpanMetricsProcessor(given as never));
    assert(
      property(constantFrom(...makersOf), array(options, { maxLength: 2 }), (make, args) => {
        const sampler = made(() => make(...args.map((each) => each()))) as sampling.ComposableSampler | undefined;
        const whole = sampler && 'intentOf' in sampler ? sampling.createCompositeSampler(sampler) : undefined;
        whole?.shouldSample(ROOT_CONTEXT, 'f'.repeat(32), 'n', SpanKind.INTERNAL, {}, []);
      }),
      { ...RUNS, numRuns: 150 },
    );
  });

  it('of telemetry are refused', () => {
    assert(
      property(
        oneof(
          hostile,
          spoilt.map((each): Made => () => ({ serviceName: 's', ...(each() as object) })),
        ),
        (given) => {
          made(() => resolveSettings(given() as never, {}));
        },
      ),
      RUNS,
    );
  });
});

describe('numbers that would take a limit away', () => {
  const WRONG = [Number.NaN, Infinity, -1, '5', null, 10n];

  it.each(['maxTypes', 'maxWorkflows', 'maxNodes'])('are refused for %s', (name) => {
    for (const value of WRONG) {
      const wrong = (): unknown => new monitor.PerformanceMonitor({ [name]: value });
      expect(wrong).toThrow(`PerformanceMonitor: ${name} must be a number from 0 to 100000`);
    }
    expect(() => new monitor.PerformanceMonitor({ [name]: 0 })).not.toThrow();
  });

  it('are refused elsewhere', () => {
    for (const given of WRONG as never[])
      for (const make of [
        () => new monitor.ResourceMonitor({ intervalMs: given }),
        () => new monitor.ResourceMonitor({ maxIntervalMs: given }),
        () => new monitor.QueryPerformanceTracker({ maxShapes: given }),
        () => new monitor.QueryPerformanceTracker({ maxSlow: given }),
        () => new monitor.PerformanceMonitor({ thresholds: { a: { errorRatio: given } } }),
        () => sampling.composableProbability(given),
        () => new sampling.SpanMetricsProcessor({ maxSeries: given }),
        () =>
          sampling.createRemoteSampler({ url: 'http://127.0.0.1:9', serviceName: 's', ratio: 1, intervalMs: given }),
      ])
        expect(make).toThrow(sdk.EvenkeelError);
    expect(() => new monitor.QueryPerformanceTracker({ slowMs: Infinity })).not.toThrow();
  });

  it('lets an attribute have so many values and no more', () => {
    const told = new Set<unknown>();
    const op = sdk.measurePerformance(
      { name: 'n', attributes: ([n]) => ({ low: { n: sdk.lowCardinality(String(n), Infinity) } }) },
      (n: number) => n,
    );
    for (let n = 0; n < 10_010; n++) op(n);
    for (const { attributes } of spans.take()) told.add(attributes['n']);
    expect(told.size).toBe(10_001);
  });
});
