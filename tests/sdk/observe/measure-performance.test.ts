// The decorator under standard rules, on every kind of class member it accepts.
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { beforeEach, describe, expect, it } from 'vitest';
import { measurePerformance } from '../../../sdk/src/index.ts';
import { collect, recordSpans } from '../../support/spans.ts';

const log = recordSpans();

class Orders {
  readonly #prefix = 'order';
  readonly open = new Map<string, number>();

  @measurePerformance('orders.name')
  name(id: number): string {
    return `${this.#prefix}-${id}`;
  }

  @measurePerformance({
    name: 'orders.create',
    kind: SpanKind.SERVER,
    attributes: ([sku, count]: [string, number]) => ({ high: { sku, count } }),
  })
  async create(sku: string, count: number): Promise<number> {
    this.open.set(sku, count);
    return this.open.size;
  }

  @measurePerformance('orders.list')
  *list(): Generator<string> {
    yield* this.open.keys();
  }

  @measurePerformance('orders.watch')
  async *watch(): AsyncGenerator<number> {
    yield this.open.size;
  }

  @measurePerformance('orders.fail')
  fail(error: unknown): never {
    throw error;
  }

  @measurePerformance('orders.close')
  close = (id: number): string => this.name(id);

  @measurePerformance('orders.parse')
  static parse(text: string): number {
    return Number(text);
  }

  @measurePerformance('orders.secret')
  #secret(): string {
    return this.#prefix;
  }

  reveal(): string {
    return this.#secret();
  }
}

const names = (): string[] => log.take().map((span) => span.name);

beforeEach(() => {
  names();
});

describe('@measurePerformance, standard', () => {
  it('measures methods of every kind', async () => {
    const orders = new Orders();
    expect(orders.name(1)).toBe('order-1');
    expect(await orders.create('a', 2)).toBe(1);
    expect([...orders.list()]).toEqual(['a']);
    expect(await collect(orders.watch())).toEqual([1]);
    expect(Orders.parse('12')).toBe(12);
    expect(orders.reveal()).toBe('order');
    expect(names()).toEqual([
      'orders.name',
      'orders.create',
      'orders.list',
      'orders.watch',
      'orders.parse',
      'orders.secret',
    ]);
  });

  it('measures function fields, with the instance as this', () => {
    const { close } = new Orders();
    expect(close(3)).toBe('order-3');
    expect(names()).toEqual(['orders.name', 'orders.close']);
  });

  it('passes arguments to the attributes and takes the kind', async () => {
    await new Orders().create('sku-1', 4);
    const [span] = log.take();
    expect(span?.kind).toBe(SpanKind.SERVER);
    expect(span?.attributes).toEqual({ sku: 'sku-1', count: 4 });
  });

  it('records what is thrown', () => {
    expect(() => new Orders().fail(new Error('no stock'))).toThrow('no stock');
    expect(log.take()[0]?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'no stock' });
  });

  it('keeps the method where it was', () => {
    expect(Object.getOwnPropertyDescriptor(Orders.prototype, 'create')).toMatchObject({
      enumerable: false,
      writable: true,
      configurable: true,
    });
    expect(Orders.prototype.create.name).toBe('create');
    expect(Orders.prototype.create).toHaveLength(2);
  });

  it('leaves alone what cannot be wrapped', () => {
    const decorate = measurePerformance('x') as unknown as (...args: unknown[]) => unknown;
    const getter = { get: () => 1, configurable: true };
    expect(decorate({}, 'name', getter)).toBe(getter);
    expect(decorate({}, 'field')).toBeUndefined();
    expect(decorate(Orders, { kind: 'class' })).toBeUndefined();
    expect((decorate(undefined, { kind: 'field' }) as (initial: unknown) => unknown)(7)).toBe(7);
  });
});
