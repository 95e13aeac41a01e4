// The same decorator under legacy rules (`experimentalDecorators`), as Nest and older projects have them.
import { SpanStatusCode } from '@opentelemetry/api';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  measurePerformance,
  traceMemoryOperation,
  traceNode,
  traceQuery,
  traceWorkflow,
} from '../../../sdk/src/index.ts';
import { collect, recordSpans } from '../../support/spans.ts';

const log = recordSpans();

const marks = new WeakMap<object, string>();

/** Keeps something per function, as frameworks do, and finds it on the function or on its prototypes. */
function mark(text: string) {
  return (_target: object, _key: string, descriptor: PropertyDescriptor): void => {
    marks.set(descriptor.value as object, text);
  };
}

function markOf(fn: object | null): string | undefined {
  return fn === null ? undefined : (marks.get(fn) ?? markOf(Object.getPrototypeOf(fn) as object | null));
}

class Orders {
  readonly open = new Map<string, number>();

  @measurePerformance({ name: 'orders.create', attributes: ([sku]: [string, number]) => ({ high: { sku } }) })
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

  @measurePerformance('orders.parse')
  static parse(text: string): number {
    return Number(text);
  }

  @measurePerformance('orders.marked')
  @mark('route')
  marked(): number {
    return 1;
  }

  @traceWorkflow('checkout')
  @traceNode({ name: 'pay', type: 'call' })
  @traceMemoryOperation({ operation: 'search', store: 'answers' })
  @traceQuery({ system: 'sqlite', operation: 'SELECT', collection: 'orders' })
  all(): string {
    return 'done';
  }
}

const names = (): string[] => log.take().map((span) => span.name);

beforeEach(() => {
  names();
});

describe('@measurePerformance, legacy', () => {
  it('measures methods of every kind', async () => {
    const orders = new Orders();
    expect(await orders.create('a', 2)).toBe(1);
    expect([...orders.list()]).toEqual(['a']);
    expect(await collect(orders.watch())).toEqual([1]);
    expect(Orders.parse('12')).toBe(12);
    expect(names()).toEqual(['orders.create', 'orders.list', 'orders.watch', 'orders.parse']);
  });

  it('passes arguments to the attributes', async () => {
    await new Orders().create('sku-1', 4);
    expect(log.take()[0]?.attributes).toEqual({ sku: 'sku-1' });
  });

  it('records what is thrown', () => {
    expect(() => new Orders().fail(new Error('no stock'))).toThrow('no stock');
    expect(log.take()[0]?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'no stock' });
  });

  it('keeps the method where it was, and what frameworks keep about it', () => {
    const descriptor = Object.getOwnPropertyDescriptor(Orders.prototype, 'marked');
    expect(descriptor).toMatchObject({ enumerable: false, writable: true, configurable: true });
    expect(Orders.prototype.create.name).toBe('create');
    expect(Orders.prototype.create).toHaveLength(2);
    expect(new Orders().marked()).toBe(1);
    expect(markOf(Orders.prototype.marked)).toBe('route');
  });

  it('shares its form with the other instruments', () => {
    expect(new Orders().all()).toBe('done');
    expect(names()).toEqual(['SELECT orders', 'search_memory', 'run_step pay', 'invoke_workflow checkout']);
  });
});
