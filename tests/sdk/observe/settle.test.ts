// The call shapes that end once: what a wrapped function may return or throw, and what its span says about it.
import { setImmediate as turn } from 'node:timers/promises';
import { context, SpanStatusCode, trace } from '@opentelemetry/api';
import { beforeEach, describe, expect, it } from 'vitest';
import { measurePerformance } from '../../../sdk/src/index.ts';
import { expectSpan, recordSpans } from '../../support/spans.ts';

const log = recordSpans();
const tracer = trace.getTracer('test');

beforeEach(() => {
  log.take();
});

const wrap = <F extends (...args: never) => unknown>(fn: F): F => measurePerformance('op', fn);
const child = (): void => tracer.startSpan('child').end();

const expectOp = (outcome: 'unset' | 'error', children = 0): void => expectSpan(log, 'op', outcome, children);

describe('a function that returns', () => {
  it('stays sync and gives the same value', () => {
    const value = { some: 'object' };
    expect(wrap(() => value)()).toBe(value);
    expectOp('unset');
    for (const plain of [undefined, null, 0, '', false, 1n, Symbol.iterator]) {
      expect(wrap(() => plain)()).toBe(plain);
      expectOp('unset');
    }
  });

  it('leaves arrays, maps, functions and iterators of collections alone', () => {
    const list = [1, 2, 3];
    const values = list.values();
    for (const value of [list, new Map(), () => 1, values, new Date(), /x/]) {
      const before = typeof value === 'object' ? Reflect.ownKeys(value) : [];
      expect(wrap(() => value)()).toBe(value);
      expect(typeof value === 'object' ? Reflect.ownKeys(value) : []).toEqual(before);
      expectOp('unset');
    }
    expect([...values]).toEqual(list);
  });

  it('is the parent of what it calls', () => {
    wrap(child)();
    expectOp('unset', 1);
    expect(trace.getSpan(context.active())).toBeUndefined();
  });

  it('may call itself', () => {
    const factorial: (n: number) => number = wrap((n: number) => (n <= 1 ? 1 : n * factorial(n - 1)));
    expect(factorial(4)).toBe(24);
    const spans = log.take();
    expect(spans).toHaveLength(4);
    expect(new Set(spans.map((span) => span.spanContext().traceId)).size).toBe(1);
  });
});

describe('a function that throws', () => {
  it('throws the same error and records it', () => {
    const error = new TypeError('broken');
    expect(() =>
      wrap(() => {
        throw error;
      })(),
    ).toThrow(error);
    const [span] = log.take();
    expect(span?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'broken' });
    expect(span?.attributes).toEqual({ 'error.type': 'TypeError' });
    expect(span?.events[0]?.name).toBe('exception');
    expect(span?.events[0]?.attributes).toMatchObject({ 'exception.type': 'TypeError', 'exception.message': 'broken' });
    expect(span?.events[0]?.attributes?.['exception.stacktrace']).toContain('settle.test');
  });

  it('names the error by its code where it has one', () => {
    const error = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    expect(() =>
      wrap(() => {
        throw error;
      })(),
    ).toThrow(error);
    expect(log.take()[0]?.attributes['error.type']).toBe('ECONNREFUSED');
  });

  it('may throw anything', () => {
    for (const thrown of [undefined, null, 'text', 42, 7n, Symbol('s'), {}, Object.create(null) as object, () => 1]) {
      let caught: unknown = 'nothing was thrown';
      try {
        wrap(() => {
          throw thrown;
        })();
      } catch (error) {
        caught = error;
      }
      expect(caught).toBe(thrown);
      const [span] = log.take();
      expect(span?.status.code).toBe(SpanStatusCode.ERROR);
      expect(span?.attributes['error.type']).toBe('_OTHER');
      expect(span?.events).toHaveLength(1);
    }
  });

  it('may throw an object whose getters throw', () => {
    const hostile = new Proxy(
      {},
      {
        get: () => {
          throw new Error('getter');
        },
      },
    );
    let caught: unknown;
    try {
      wrap(() => {
        throw hostile;
      })();
    } catch (error) {
      caught = error;
    }
    expect(caught === hostile).toBe(true);
    expectOp('error');
  });
});

describe('a function that returns a promise', () => {
  it('gives a plain promise and ends when it settles', async () => {
    const { promise, resolve } = Promise.withResolvers<number>();
    const result = wrap(() => promise)();
    expect(Object.getPrototypeOf(result)).toBe(Promise.prototype);
    await turn();
    expect(log.take()).toEqual([]);
    resolve(5);
    expect(await result).toBe(5);
    expectOp('unset');
  });

  it('rejects with the same error', async () => {
    const error = new RangeError('late');
    await expect(
      wrap(async () => {
        throw error;
      })(),
    ).rejects.toBe(error);
    expectOp('error');
    await expect(wrap(() => Promise.reject(undefined))()).rejects.toBeUndefined();
    expectOp('error');
  });

  it('stays the parent after an await, also when calls overlap', async () => {
    const load = wrap(async (name: string) => {
      await turn();
      tracer.startSpan(name).end();
      await turn();
      tracer.startSpan(name).end();
    });
    await Promise.all([load('a'), load('b'), load('c')]);
    const spans = log.take();
    for (const name of ['a', 'b', 'c']) {
      const parents = spans.filter((span) => span.name === name).map((span) => span.parentSpanContext?.spanId);
      expect(parents).toHaveLength(2);
      expect(new Set(parents).size).toBe(1);
    }
    expect(new Set(spans.map((span) => span.spanContext().traceId)).size).toBe(3);
  });

  it('keeps what hangs on a plain promise', async () => {
    const result = wrap(() => Object.assign(Promise.resolve(1), { cancel: child }))();
    expect(result.cancel).toBe(child);
    expect(await result).toBe(1);
    expectOp('unset');
  });
});

describe('a function that returns a promise of a subclass', () => {
  class Cancelable<T> extends Promise<T> {
    readonly #id = 7;
    id(): number {
      return this.#id;
    }
  }

  it('gives the same object and ends when it settles', async () => {
    const original = new Cancelable<string>((resolve) => {
      setImmediate(resolve, 'done');
    });
    const result = wrap(() => original)();
    expect(result).toBe(original);
    expect(result.id()).toBe(7);
    expect(log.take()).toEqual([]);
    expect(await result).toBe('done');
    expectOp('unset');
  });

  it('ends when it settles though nobody waits', async () => {
    wrap(() => new Cancelable<void>((resolve) => resolve()))();
    await turn();
    expectOp('unset');
  });

  it('rejects to those who wait, and only to them', async () => {
    const error = new Error('no');
    const result = wrap(() => new Cancelable<never>((_resolve, reject) => reject(error)))();
    await expect(result).rejects.toBe(error);
    await turn();
    expectOp('error');
  });
});

describe('a function that returns a thenable', () => {
  class LazyQuery implements PromiseLike<string> {
    runs = 0;
    readonly #answer = 'rows';
    // oxlint-disable-next-line unicorn/no-thenable -- a lazy thenable is what is tested
    then<A = string, B = never>(
      fulfilled?: ((value: string) => A | PromiseLike<A>) | null,
      rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
    ): Promise<A | B> {
      this.runs++;
      child();
      return Promise.resolve(this.#answer).then(fulfilled, rejected);
    }
  }

  it('does not trigger it, and times it when it is used', async () => {
    const query = new LazyQuery();
    const result = wrap(() => query)();
    await turn();
    expect(result).toBe(query);
    expect(query.runs).toBe(0);
    expect(log.take()).toEqual([]);
    expect(await result).toBe('rows');
    expect(query.runs).toBe(1);
    expectOp('unset', 1);
    expect(Reflect.ownKeys(query)).toEqual(['runs']);
  });

  it('runs handlers outside the span', async () => {
    const active = await tracer.startActiveSpan('caller', async (caller) => {
      const seen = await wrap(() => new LazyQuery())().then(() => trace.getSpan(context.active()));
      caller.end();
      return seen === caller;
    });
    expect(active).toBe(true);
  });

  it('records its failure', async () => {
    const error = new Error('locked');
    // oxlint-disable-next-line unicorn/no-thenable -- as above
    const failing = { then: (_ok: unknown, failed: (error: unknown) => void) => failed(error) };
    await expect(wrap(() => failing as unknown as PromiseLike<void>)()).rejects.toBe(error);
    expectOp('error');
  });

  it('passes on a frozen or hostile one', () => {
    // oxlint-disable-next-line unicorn/no-thenable -- as above
    const frozen = Object.freeze({ then: () => 1 });
    expect(wrap(() => frozen)()).toBe(frozen);
    expectOp('unset');
    // oxlint-disable-next-line unicorn/no-thenable -- as above
    const hostile = Object.defineProperty({}, 'then', {
      get: () => {
        throw new Error('getter');
      },
    });
    expect(wrap(() => hostile)()).toBe(hostile);
    expectOp('unset');
    const proxy = new Proxy(
      {},
      {
        get: () => {
          throw new Error('trap');
        },
        getPrototypeOf: () => {
          throw new Error('trap');
        },
      },
    );
    expect(wrap(() => proxy)() === proxy).toBe(true);
    expectOp('unset');
    const looksLikeOne = new Proxy(Promise.resolve(), {});
    expect(wrap(() => looksLikeOne)() === looksLikeOne).toBe(true);
    expectOp('unset');
  });
});
