// Arguments and results that break whoever looks at them: no instrument changes what a program gets.
import { beforeEach, describe, expect, it } from 'vitest';
import {
  traceAgent,
  traceLLM,
  traceMemoryOperation,
  traceNode,
  traceQuery,
  traceRetrieval,
  traceTool,
  traceTransaction,
  traceWorkflow,
} from '../../../sdk/src/index.ts';
import { recordMeasurements } from '../../support/measurements.ts';
import { recordSpans } from '../../support/spans.ts';

const spans = recordSpans();
recordMeasurements();

type Identity = (...args: unknown[]) => unknown;

/** Every instrument with all that it can be asked for, before a function that returns its first argument. */
const INSTRUMENTS: Readonly<Record<string, (fn: Identity) => Identity>> = {
  workflow: (fn) => traceWorkflow('w', fn),
  node: (fn) => traceNode({ name: 'n', type: 't' }, fn),
  agent: (fn) => traceAgent({ name: 'a', session: ([first]) => (first as { id: string }).id }, fn),
  tool: (fn) => traceTool({ name: 't', captureContent: true }, fn),
  retrieval: (fn) => traceRetrieval({ dataSource: 'd', query: ([first]) => first as string }, fn),
  read: (fn) =>
    traceMemoryOperation({ operation: 'search', store: 's', size: true, query: ([first]) => first as string }, fn),
  write: (fn) => traceMemoryOperation({ operation: 'put', store: 's', size: true }, fn),
  query: (fn) =>
    traceQuery(
      {
        system: 'sqlite',
        text: ([first]) => first as string,
        lockWait: (result) => (result as { ms: number }).ms,
        slowMs: 0,
      },
      fn,
    ),
  transaction: (fn) =>
    traceTransaction({ system: 'sqlite', outcome: (result) => (result as { how: 'commit' }).how }, fn),
  llm: (fn) =>
    traceLLM(
      {
        provider: 'p',
        captureContent: true,
        session: ([first]) => first as string,
        usage: (result) => result as object,
      },
      fn,
    ),
  'llm with fallbacks': (fn) =>
    traceLLM({ provider: 'p', captureContent: true, fallbacks: ['b', { model: 'c', call: fn }] }, fn),
};

const circular: Record<string, unknown> = { rows: 1 };
circular['self'] = circular;
const throwing = (keys: readonly string[]): object =>
  Object.defineProperties(
    {},
    Object.fromEntries(
      keys.map((key) => [
        key,
        {
          enumerable: true,
          get() {
            throw new Error(`do not read ${key}`);
          },
        },
      ]),
    ),
  );
const revoked = (): object => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};

const VALUES: readonly unknown[] = [
  undefined,
  null,
  0n,
  Symbol('s'),
  circular,
  Object.freeze({ usage: Object.freeze({ prompt_tokens: 1 }) }),
  Object.create(null),
  new Proxy(
    {},
    {
      get() {
        throw new Error('trap');
      },
    },
  ),
  throwing(['usage', 'model', 'id', 'rows', 'messages', 'documents', 'toolCallId', 'code', 'choices', 'toJSON']),
  throwing(['then']),
  { usage: throwing(['prompt_tokens']), choices: [null, 7, throwing(['index'])] },
  { toJSON: () => circular },
  [[[[null]]]],
  Array.from({ length: 3 }),
  { model: { modelId: { modelId: 1 } }, stop: [1, {}], temperature: 'hot' },
];

beforeEach(() => {
  spans.take();
});

describe.each(Object.entries(INSTRUMENTS))('%s', (_name, instrument) => {
  it('gives back every value as it is, sync and async, and ends one span a call', async () => {
    const same = instrument((value) => value);
    for (const value of VALUES) expect(Object.is(same(value, value), value)).toBe(true);
    expect(Object.is(same(revoked()), undefined)).toBe(false);
    const later = instrument(async (value) => [value]);
    for (const value of VALUES) {
      const [got] = (await later(value, value)) as unknown[];
      expect(Object.is(got, value)).toBe(true);
    }
    const calls = 2 * VALUES.length + 1;
    const outermost = spans.take().filter((span) => span.parentSpanContext === undefined);
    expect(outermost).toHaveLength(calls);
  });

  it('throws every value as it is', async () => {
    const failing = instrument((value) => {
      throw value;
    });
    const rejecting = instrument((value) => Promise.reject(value as Error));
    for (const value of VALUES) {
      const caught = await Promise.allSettled([(async () => failing(value))(), rejecting(value) as Promise<unknown>]);
      expect(caught.map((outcome) => outcome.status === 'rejected' && Object.is(outcome.reason, value))).toEqual([
        true,
        true,
      ]);
    }
  });
});

describe('callbacks that are async by mistake', () => {
  it('end nothing', async () => {
    const oops = (async () => {
      throw new Error('nobody waits for this');
    }) as unknown as () => string;
    traceAgent({ name: 'a', session: oops }, () => 1)();
    traceQuery({ system: 's', text: oops }, () => 1)();
    traceLLM({ provider: 'p', model: oops, cost: oops as never }, () => ({ usage: { prompt_tokens: 1 } }))();
    await new Promise((resolve) => setImmediate(resolve));
    expect(spans.take()).toHaveLength(3);
  });
});
