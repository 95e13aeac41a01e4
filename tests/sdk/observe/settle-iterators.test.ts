// The call shapes that go on: generators and async iterables.
import { setImmediate as turn } from 'node:timers/promises';
import { context, diag, trace } from '@opentelemetry/api';
import { beforeEach, describe, expect, it } from 'vitest';
import { measurePerformance } from '../../../sdk/src/index.ts';
import { collect, expectSpan, recordSpans } from '../../support/spans.ts';

const log = recordSpans();
const tracer = trace.getTracer('test');

beforeEach(() => {
  log.take();
});

const wrap = <F extends (...args: never) => unknown>(fn: F): F => measurePerformance('op', fn);
const child = (): void => tracer.startSpan('child').end();

const expectOp = (outcome: 'unset' | 'error', children = 0): void => expectSpan(log, 'op', outcome, children);

describe('an iterator of a hostile kind', () => {
  const iterable = (iterator: object) =>
    wrap(() => ({ [Symbol.asyncIterator]: () => iterator }) as AsyncIterable<number>);

  it('that is frozen gives its items, and the call is over', async () => {
    let left = 2;
    const frozen = Object.freeze({ next: async () => ({ done: left === 0, value: left-- }) });
    expect(await collect(iterable(frozen)())).toEqual([2, 1]);
    expectOp('unset');
  });

  it('whose step is a revoked proxy gives it', () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const iterator = iterable({ next: () => proxy, return: () => ({ done: true }) })()[Symbol.asyncIterator]();
    expect(Object.is(iterator.next(), proxy)).toBe(true);
    void iterator.return?.();
    expectOp('unset');
  });

  it('whose items throw when they are read gives them', () => {
    const item = {
      done: false,
      get value(): never {
        throw new Error('somebody looked');
      },
    };
    const items = iterable({ next: () => item, return: () => ({ done: true }) })();
    const iterator = items[Symbol.asyncIterator]();
    expect(iterator.next()).toBe(item);
    void iterator.return?.();
    expectOp('unset');
  });
});

describe('an iterator that is its own iterable', () => {
  /** Counts down to 0, each step a child; sync or async. */
  class Countdown {
    #left = 2;
    readonly #isAsync: boolean;
    constructor(isAsync: boolean) {
      this.#isAsync = isAsync;
      Object.defineProperty(this, isAsync ? Symbol.asyncIterator : Symbol.iterator, { value: () => this });
    }
    next(): unknown {
      child();
      const step = { done: this.#left === 0, value: this.#left-- };
      return this.#isAsync ? Promise.resolve(step) : step;
    }
    throw(error: Error): unknown {
      if (this.#isAsync) return Promise.reject(error);
      throw error;
    }
    return(): unknown {
      const step = { done: true, value: undefined };
      return this.#isAsync ? Promise.resolve(step) : step;
    }
  }

  const kinds = [
    { kind: 'async', isAsync: true, make: (countdown: Countdown) => countdown },
    { kind: 'sync', isAsync: false, make: (countdown: Countdown) => countdown },
    { kind: 'async in a promise', isAsync: true, make: async (countdown: Countdown) => countdown },
    { kind: 'sync in a promise', isAsync: false, make: async (countdown: Countdown) => countdown },
  ];

  it.each(kinds)('$kind ends its span after its last item, read by next alone', async ({ isAsync, make }) => {
    const countdown = new Countdown(isAsync);
    expect(await wrap(() => make(countdown))()).toBe(countdown);
    for (let i = 0; i < 3; i++) {
      expect(log.take().filter(({ name }) => name === 'op')).toEqual([]);
      await countdown.next();
    }
    expectOp('unset', 1);
  });

  it.each(kinds)('$kind ends its span once by a loop', async ({ isAsync, make }) => {
    const countdown = await wrap(() => make(new Countdown(isAsync)))();
    expect(await collect(countdown as unknown as AsyncIterable<number>)).toEqual([2, 1]);
    expectOp('unset', 3);
  });

  it.each(kinds)('$kind ends its span when it is closed', async ({ isAsync, make }) => {
    const countdown = await wrap(() => make(new Countdown(isAsync)))();
    await countdown.next();
    await countdown.return();
    expectOp('unset', 1);
  });

  it.each(kinds)('$kind ends its span with an error when it throws', async ({ isAsync, make }) => {
    const countdown = await wrap(() => make(new Countdown(isAsync)))();
    const error = new Error('enough');
    await expect((async () => countdown.throw(error))()).rejects.toBe(error);
    expectOp('error');
  });
});

describe('a generator', () => {
  const numbers = wrap(function* (count: number) {
    for (let i = 0; i < count; i++) {
      child();
      yield i;
    }
    return 'end';
  });

  it('is alive until its last item, and its body runs in the span', () => {
    const items = numbers(3);
    expect(Object.prototype.toString.call(items)).toBe('[object Generator]');
    expect(log.take()).toEqual([]);
    expect([...items]).toEqual([0, 1, 2]);
    expectOp('unset', 3);
  });

  it('ends its span once, also when it is closed again', () => {
    const complaints: unknown[] = [];
    const complain = (...what: unknown[]): void => void complaints.push(what);
    diag.setLogger({ error: complain, warn: complain, info: () => {}, debug: () => {}, verbose: () => {} });
    const items = numbers(1);
    expect([...items]).toEqual([0]);
    expect(items.return('again')).toEqual({ done: true, value: 'again' });
    expect(items.next()).toEqual({ done: true, value: undefined });
    diag.disable();
    expect(complaints).toEqual([]);
    expectOp('unset', 1);
  });

  it('gives its return value and takes what next() sends', () => {
    const echo = wrap(function* (): Generator<string, number, string> {
      const first = yield 'ready';
      return first.length;
    })();
    expect(echo.next()).toEqual({ done: false, value: 'ready' });
    expect(echo.next('four')).toEqual({ done: true, value: 4 });
    expectOp('unset');
  });

  it('ends once, without error, when the loop breaks', () => {
    let cleaned = 0;
    const forever = wrap(function* () {
      try {
        for (;;) yield 1;
      } finally {
        cleaned++;
      }
    });
    for (const item of forever()) if (item === 1) break;
    expect(cleaned).toBe(1);
    expectOp('unset');
  });

  it('records what its body throws', () => {
    const error = new Error('midway');
    const failing = wrap(function* () {
      yield 1;
      throw error;
    });
    expect(() => [...failing()]).toThrow(error);
    expectOp('error');
  });

  it('records what throw() sends and the body does not catch', () => {
    const items = numbers(2);
    items.next();
    expect(() => items.throw(new Error('sent'))).toThrow('sent');
    expectOp('error', 1);
  });

  it('may delegate to another', () => {
    const outer = wrap(function* () {
      yield* [10];
      yield* numbers(1);
    });
    expect([...outer()]).toEqual([10, 0]);
    const spans = log.take();
    expect(spans.map((span) => span.name)).toEqual(['child', 'op', 'op']);
    expect(spans[1]?.parentSpanContext?.spanId).toBe(spans[2]?.spanContext().spanId);
  });
});

describe('an async generator', () => {
  const ticks = wrap(async function* (count: number) {
    for (let i = 0; i < count; i++) {
      await turn();
      child();
      yield i;
    }
  });

  it('is alive until its last item, and its body runs in the span after each await', async () => {
    const seen: number[] = [];
    for await (const item of ticks(3)) {
      seen.push(item);
      expect(trace.getSpan(context.active())).toBeUndefined();
    }
    expect(seen).toEqual([0, 1, 2]);
    expectOp('unset', 3);
  });

  it('ends once, without error, when the loop breaks', async () => {
    for await (const item of ticks(9)) if (item === 1) break;
    expectOp('unset', 2);
  });

  it('records what its body throws', async () => {
    const error = new Error('stream broke');
    const failing = wrap(async function* () {
      yield 1;
      throw error;
    });
    await expect(collect(failing())).rejects.toBe(error);
    expectOp('error');
  });
});

describe('a function that returns an async iterable', () => {
  const chunks = {
    async *[Symbol.asyncIterator]() {
      child();
      yield 'a';
      await turn();
      child();
      yield 'b';
    },
  };

  it('ends after the last item', async () => {
    const result = wrap(() => ({ ...chunks }))();
    expect(log.take()).toEqual([]);
    expect(await collect(result)).toEqual(['a', 'b']);
    expectOp('unset', 2);
  });

  it('does so also inside a promise', async () => {
    const response = { status: 200, ...chunks };
    const result = await wrap(async () => response)();
    expect(result).toBe(response);
    expect(log.take()).toEqual([]);
    expect(await collect(result)).toEqual(['a', 'b']);
    expectOp('unset', 2);
  });
});
