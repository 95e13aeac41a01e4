// One lazy object returned by many calls: cached ones, and those that nested wrappers pass on to each other.
import { setImmediate as turn } from 'node:timers/promises';
import { context, SpanStatusCode, trace } from '@opentelemetry/api';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { measurePerformance } from '../../../sdk/src/index.ts';
import { collect, recordSpans } from '../../support/spans.ts';

/** Shadows upon shadows overflow the stack at about half of it. */
const CALLS = 20_000;
/** Spans that wait for one object, of those that have to. */
const WAITING = 8;

const log = recordSpans();
const tracer = trace.getTracer('test');

beforeEach(() => {
  log.take();
});

const names = (): string[] => log.take().map((span) => span.name);
const child = (): void => tracer.startSpan('child').end();

/** Returns one object from very many calls, then uses it; answers how many spans ended before and after the use. */
async function endsOf(returned: object, use: () => unknown): Promise<{ before: number; after: number }> {
  const call = measurePerformance('op', () => returned);
  for (let i = 0; i < CALLS; i++) if (call() !== returned) throw new Error('another object');
  await turn();
  const before = names().length;
  await use();
  await turn();
  return { before, after: names().filter((name) => name === 'op').length };
}

/** Returns an object through two wrappers, and answers what the inner one returned to the outer one. */
function nested<T>(inner: () => T): T {
  return measurePerformance('outer', measurePerformance('inner', inner))();
}

class Cancelable<T> extends Promise<T> {}

/** As libraries with promises of their own make them: a method `then` of their own. */
class Chained<T> extends Promise<T> {
  // oxlint-disable-next-line unicorn/no-thenable -- a thenable is what is tested
  override then<A = T, B = never>(
    fulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return super.then(fulfilled, rejected);
  }
}

const query = (): PromiseLike<string> => ({
  // oxlint-disable-next-line unicorn/no-thenable -- as above
  then(fulfilled, rejected) {
    child();
    return Promise.resolve('rows').then(fulfilled, rejected);
  },
});

const page = (): AsyncIterable<string> => ({
  async *[Symbol.asyncIterator]() {
    child();
    yield 'a';
  },
});

/** An iterator that is no generator and gives itself when it is iterated. */
function cursor(): AsyncIterableIterator<number> {
  let left = 2;
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: async () => (left-- > 0 ? { done: false, value: left } : { done: true, value: undefined }),
  };
}

describe('an object that very many calls return', () => {
  it('ends each span with the promise of a subclass', async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const shared = Cancelable.resolve(promise);
    const ends = await endsOf(shared, async () => {
      resolve('done');
      expect(await shared).toBe('done');
    });
    expect(ends).toEqual({ before: 0, after: CALLS });
  });

  it('ends each span with the promise of a subclass that rejects', async () => {
    const { promise, reject } = Promise.withResolvers<never>();
    const shared = Cancelable.resolve(promise);
    const ends = await endsOf(shared, async () => {
      reject(new Error('no'));
      await expect(shared).rejects.toThrow('no');
    });
    expect(ends).toEqual({ before: 0, after: CALLS });
  });

  it('may be a thenable', async () => {
    for (const shared of [query(), Chained.resolve('rows')]) {
      const ends = await endsOf(shared, async () => expect(await shared).toBe('rows'));
      expect(ends).toEqual({ before: CALLS - WAITING, after: WAITING });
    }
  });

  it('may be an async iterable or an iterator', async () => {
    const generator = (async function* () {
      yield 1;
    })();
    for (const shared of [page(), cursor(), generator]) {
      const ends = await endsOf(shared, () => collect<unknown>(shared));
      expect(ends).toEqual({ before: CALLS - WAITING, after: WAITING });
    }
  });

  it('may be a generator', async () => {
    const generator = (function* () {
      yield* [1, 2];
    })();
    const ends = await endsOf(generator, () => expect([...generator]).toEqual([1, 2]));
    expect(ends).toEqual({ before: CALLS - WAITING, after: WAITING });
  });

  it('may hide behind another proxy each time', async () => {
    const shared = page();
    const call = measurePerformance('op', () => new Proxy(shared, {}));
    for (let i = 0; i < CALLS; i++) call();
    expect(await collect(call())).toEqual(['a']);
    expect(Reflect.ownKeys(shared)).toEqual([Symbol.asyncIterator]);
  });

  it('may give the same iterator each time', async () => {
    const iterator = cursor();
    const call = measurePerformance('op', () => ({ [Symbol.asyncIterator]: () => iterator }));
    for (let i = 0; i < CALLS; i++) call()[Symbol.asyncIterator]();
    expect(names()).toHaveLength(CALLS - WAITING);
    expect(await collect(iterator)).toEqual([1, 0]);
    expect(names()).toHaveLength(WAITING);
  });

  it('is watched again after it was used', async () => {
    const shared = query();
    const call = measurePerformance('op', () => shared);
    for (let i = 0; i < 3; i++) {
      const result = call();
      expect(names()).toEqual([]);
      expect(await result).toBe('rows');
      expect(names()).toEqual(['child', 'op']);
    }
  });

  it('is watched for a later call while earlier callers still use it', async () => {
    const shared = query();
    const call = measurePerformance('op', () => shared);
    // Each `await` takes the method at once and calls it later.
    const earlier = [call().then, call().then];
    void earlier[0]?.call(shared);
    call();
    void earlier[1]?.call(shared);
    await turn();
    expect(names()).toEqual(['child', 'child', 'op', 'op']);
    await shared;
    expect(names()).toEqual(['child', 'op']);
  });

  it('may pass through two copies of this package, as of both its module kinds', async () => {
    vi.resetModules();
    const other = await import('../../../sdk/src/index.ts');
    expect(other.measurePerformance).not.toBe(measurePerformance);
    const shared = query();
    const call = other.measurePerformance(
      'op',
      measurePerformance('op', () => shared),
    );
    for (let i = 0; i < CALLS; i++) call();
    names();
    expect(await shared).toBe('rows');
    expect(names().filter((name) => name === 'op')).toHaveLength(2 * WAITING);
  });

  it('ends its spans at once when it is over', async () => {
    const generator = (function* () {
      yield 1;
    })();
    const call = measurePerformance('op', () => generator);
    expect([...call()]).toEqual([1]);
    expect(names()).toEqual(['op']);
    call();
    expect(names()).toEqual(['op']);
  });
});

describe('an object that nested wrappers pass on', () => {
  const check = async (returned: object, use: () => unknown, expected: string[]): Promise<void> => {
    expect(nested(() => returned)).toBe(returned);
    await turn();
    expect(names()).toEqual([]);
    await use();
    await turn();
    expect(names()).toEqual(expected);
  };

  it('ends the spans of both after the work', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    await check(Cancelable.resolve(promise), resolve, ['inner', 'outer']);
    const thenable = query();
    await check(thenable, async () => thenable, ['child', 'inner', 'outer']);
    const chained = Chained.resolve(1);
    await check(chained, async () => chained, ['inner', 'outer']);
    const iterable = page();
    await check(iterable, () => collect(iterable), ['child', 'inner', 'outer']);
    const iterator = cursor();
    await check(iterator, () => collect(iterator), ['inner', 'outer']);
    const generator = (function* () {
      child();
      yield 1;
    })();
    await check(generator, () => [...generator], ['child', 'inner', 'outer']);
  });

  it('does so also inside promises', async () => {
    const iterable = page();
    expect(await nested(async () => iterable)).toBe(iterable);
    expect(names()).toEqual([]);
    await collect(iterable);
    expect(names()).toEqual(['child', 'inner', 'outer']);
  });

  it('does so where the outer one gives an iterator of the inner one', async () => {
    const inner = measurePerformance('inner', cursor);
    const outer = measurePerformance('outer', () => ({ [Symbol.asyncIterator]: inner }));
    expect(await collect(outer())).toEqual([1, 0]);
    expect(names()).toContain('outer');
  });

  it('does its work in the span of the inner one', async () => {
    let active: unknown;
    const thenable = nested(() => ({
      // oxlint-disable-next-line unicorn/no-thenable -- as above
      then(fulfilled: (value: string) => void) {
        active = trace.getSpan(context.active());
        fulfilled('done');
      },
    }));
    await thenable;
    const [inner, outer] = log.take();
    expect(active).toBe(inner);
    expect(inner?.parentSpanContext?.spanId).toBe(outer?.spanContext().spanId);
  });

  it('records its failure on both', async () => {
    const error = new Error('locked');
    // oxlint-disable-next-line unicorn/no-thenable -- as above
    const failing = { then: (_ok: unknown, failed: (error: unknown) => void) => failed(error) };
    for (const make of [() => failing, () => Cancelable.reject(error)]) {
      await expect(nested(make as () => Promise<never>)).rejects.toBe(error);
      await turn();
      const spans = log.take();
      expect(spans.map(({ name, status }) => [name, status.code])).toEqual([
        ['inner', SpanStatusCode.ERROR],
        ['outer', SpanStatusCode.ERROR],
      ]);
    }
  });
});
