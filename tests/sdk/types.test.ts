// What the types accept and refuse. The type check of the tests is the test: each refusal must be an error there.
import { describe, expectTypeOf, it } from 'vitest';
import {
  lowCardinality,
  measurePerformance,
  startTelemetry,
  traceMemoryOperation,
  traceNode,
  traceQuery,
} from '../../sdk/src/index.ts';

interface Order {
  readonly id: string;
}

class Shop {
  @measurePerformance({ name: 'a', attributes: ([order]: [Order, number]) => ({ high: { id: order.id } }) })
  create(order: Order, count: number): string {
    return order.id.repeat(count);
  }

  @measurePerformance({ name: 'b', attributes: (args) => ({ high: { count: args.length } }) })
  async generic<T extends Order>(order: T): Promise<T> {
    return order;
  }

  // @ts-expect-error -- the callback wants a string where the method takes an Order
  @measurePerformance({ name: 'c', attributes: ([id]: [string]) => ({ high: { id } }) })
  wrong(order: Order): string {
    return order.id;
  }

  // @ts-expect-error -- only functions can be measured
  @measurePerformance('d')
  field = 1;
}

const anyText: string = String(1);
const anyNumber: number = Number('1');
const template: `user-${string}` = `user-${anyText}`;
const create = (tier: 'gold' | 'tin', id: string, count: number): string => tier + id.repeat(count);

describe('few-valued attributes', () => {
  it('are literals, unions of them, booleans and limited strings', () => {
    measurePerformance(
      { name: 'a', attributes: { low: { tier: 'gold', big: true, size: 3, gone: undefined } } },
      create,
    );
    measurePerformance(
      {
        name: 'b',
        attributes: ([tier, id, count]) => ({
          low: { tier, big: count > 9, size: count > 9 ? 'l' : 's', kind: lowCardinality(id, 20) },
          high: { id, count },
        }),
        recordResult: (result) => ({ low: { empty: result === '' }, high: { result } }),
      },
      create,
    );
    traceNode({ name: 'c', attributes: { low: { part: 'x' } } }, create);
  });

  it('are none of endless values', () => {
    // @ts-expect-error -- any text
    measurePerformance({ name: 'a', attributes: { low: { id: anyText } } }, create);
    // @ts-expect-error -- any number
    measurePerformance({ name: 'a', attributes: { low: { count: anyNumber } } }, create);
    // @ts-expect-error -- a text with any text in it
    measurePerformance({ name: 'a', attributes: { low: { user: template } } }, create);
    // @ts-expect-error -- an argument that may be anything
    measurePerformance({ name: 'a', attributes: ([, id]) => ({ low: { id } }) }, create);
    // @ts-expect-error -- nor from the result
    measurePerformance({ name: 'a', recordResult: (result) => ({ low: { result } }) }, create);
    // @ts-expect-error -- nor of a decorator
    measurePerformance({ name: 'a', attributes: ([id]: [string]) => ({ low: { id } }) });
    // @ts-expect-error -- nor of another instrument
    traceNode({ name: 'a', attributes: ([, id]) => ({ low: { id } }) }, create);
    // @ts-expect-error -- attributes are told apart
    measurePerformance({ name: 'a', attributes: { id: 'x' } }, create);
  });
});

describe('the types', () => {
  it('keep those of the wrapped function', () => {
    const load = async (id: string, retries = 1): Promise<Order> => ({ id: id.repeat(retries) });
    expectTypeOf(measurePerformance('op', load)).toEqualTypeOf(load);
    const identity = <T>(value: T): T => value;
    const wrapped: <T>(value: T) => T = measurePerformance('op', identity);
    expectTypeOf(wrapped('x')).toEqualTypeOf<string>();
    expectTypeOf(new Shop().generic).toBeCallableWith({ id: 'x' });
  });

  it('give the callback the arguments of the function', () => {
    traceQuery(
      {
        system: 'sqlite',
        text: ([sql]) => sql,
        attributes: (args) => {
          expectTypeOf(args).toEqualTypeOf<[sql: string, limit: number]>();
          return { high: { limit: args[1] } };
        },
      },
      (sql: string, limit: number) => sql.length * limit,
    );
  });

  it('refuse what is not there', () => {
    // @ts-expect-error -- no such operation
    traceMemoryOperation({ operation: 'forget', store: 'x' }, () => 1);
    // @ts-expect-error -- the system is required
    traceQuery({ operation: 'SELECT' }, () => 1);
    expectTypeOf(startTelemetry).parameter(0).toHaveProperty('serviceName');
  });
});
