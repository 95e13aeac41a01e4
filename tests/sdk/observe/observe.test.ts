// What the wrapper leaves as it was, and what attribute callbacks may do.
import { trace } from '@opentelemetry/api';
import { beforeEach, describe, expect, it } from 'vitest';
import { measurePerformance } from '../../../sdk/src/index.ts';
import { recordSpans } from '../../support/spans.ts';
import { unhandledDuring } from '../../support/unhandled.ts';

// Made before the provider is registered, as decorators are in a real program.
const early = measurePerformance('early', () => trace.getActiveSpan());
const log = recordSpans();

async function load(_a: number, _b: number): Promise<number> {
  return 1;
}

beforeEach(() => {
  log.take();
});

describe('observe', () => {
  it('finds a provider that is registered after the wrapper was made', () => {
    expect(early()).toBeDefined();
    expect(log.take().map((span) => span.name)).toEqual(['early']);
  });

  it('keeps this and the arguments', () => {
    const account = {
      balance: 5,
      add: measurePerformance('add', function (this: { balance: number }, ...amounts: number[]) {
        return amounts.reduce((sum, amount) => sum + amount, this.balance);
      }),
    };
    expect(account.add(1, 2, 3)).toBe(11);
    const self = measurePerformance('self', function (this: unknown) {
      return this;
    });
    for (const value of [undefined, null, 3, 'text', account]) expect(Reflect.apply(self, value, [])).toBe(value);
  });

  it('keeps name, length, own properties and the kind of function', () => {
    const secret = Symbol('secret');
    const wrapped = measurePerformance('op', Object.assign(load, { timeout: 30, [secret]: true }));
    expect(wrapped.name).toBe('load');
    expect(wrapped).toHaveLength(2);
    expect(Object.entries(wrapped)).toEqual([['timeout', 30]]);
    expect(wrapped[secret]).toBe(true);
    expect(wrapped.constructor.name).toBe('AsyncFunction');
    // oxlint-disable-next-line no-new-func -- only such a function is sloppy and owns `arguments` and `caller`
    const sloppy = new Function('a', 'return a') as (a: number) => number;
    const wrappedSloppy = measurePerformance('op', sloppy);
    expect(wrappedSloppy(4)).toBe(4);
    expect(Object.hasOwn(wrappedSloppy, 'caller')).toBe(false);
  });

  it('makes with `new` what the function makes, and generators of its kind', () => {
    function Order(this: { id: number }): void {
      this.id = 7;
    }
    Order.prototype['describe'] = function (this: { id: number }): string {
      return `order ${this.id}`;
    };
    const Observed = measurePerformance('op', Order) as unknown as new () => { describe(): string };
    expect(new Observed().describe()).toBe('order 7');
    expect(new Observed()).toBeInstanceOf(Order);
    const numbers = measurePerformance('op', function* () {
      yield 1;
    });
    expect(numbers()).toBeInstanceOf(numbers);
  });

  it('runs in the scope of the package', () => {
    measurePerformance('op', () => 1)();
    expect(log.take()[0]?.instrumentationScope).toMatchObject({ name: '@evenkeel/sdk', version: '0.1.0' });
  });
});

describe('attributes', () => {
  it('may be fixed', () => {
    measurePerformance({ name: 'op', attributes: { low: { tier: 'gold' } } }, () => 1)();
    expect(log.take()[0]?.attributes).toEqual({ tier: 'gold' });
  });

  it('may be made from the arguments', () => {
    const price = measurePerformance(
      { name: 'op', attributes: ([sku, count]) => ({ high: { sku: sku.toUpperCase(), count } }) },
      (sku: string, count: number) => sku.length * count,
    );
    expect(price('abc', 2)).toBe(6);
    expect(log.take()[0]?.attributes).toEqual({ sku: 'ABC', count: 2 });
  });

  it('of a result do not end the program when they are a promise that is rejected', async () => {
    const recordResult = async (): Promise<never> => Promise.reject(new Error('recordResult'));
    const call = measurePerformance({ name: 'op', recordResult: recordResult as never }, () => 1);
    expect(await unhandledDuring(call)).toEqual([]);
  });

  it('never break the call', () => {
    const hostile = [
      () => {
        throw new Error('callback');
      },
      () => undefined as never,
      () => ({
        get high(): never {
          throw new Error('getter');
        },
      }),
      () => ({
        high: {
          get bad(): string {
            throw new Error('getter');
          },
        },
      }),
      () => Promise.reject(new Error('async callback')) as never,
      () => ({
        high: new Proxy(
          {},
          {
            ownKeys: () => {
              throw new Error('trap');
            },
          },
        ),
      }),
      () => ({ high: { circular: {} as never, big: 1n as never, fn: (() => 1) as never } }),
    ];
    for (const attributes of hostile) {
      expect(measurePerformance({ name: 'op', attributes }, () => 'result')()).toBe('result');
      expect(log.take()).toHaveLength(1);
    }
  });
});
