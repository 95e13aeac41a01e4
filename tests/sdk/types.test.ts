// What the types accept and refuse. The type check of the tests is the test: each refusal must be an error there.
import { describe, expectTypeOf, it } from 'vitest';
import { measurePerformance, startTelemetry, traceMemoryOperation, traceQuery } from '../../sdk/src/index.ts';

interface Order {
  readonly id: string;
}

class Shop {
  @measurePerformance({ name: 'a', attributes: ([order]: [Order, number]) => ({ id: order.id }) })
  create(order: Order, count: number): string {
    return order.id.repeat(count);
  }

  @measurePerformance({ name: 'b', attributes: (args) => ({ count: args.length }) })
  async generic<T extends Order>(order: T): Promise<T> {
    return order;
  }

  // @ts-expect-error -- the callback wants a string where the method takes an Order
  @measurePerformance({ name: 'c', attributes: ([id]: [string]) => ({ id }) })
  wrong(order: Order): string {
    return order.id;
  }

  // @ts-expect-error -- only functions can be measured
  @measurePerformance('d')
  field = 1;
}

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
          return { limit: args[1] };
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
