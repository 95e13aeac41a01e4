// Methods measured from the head of their class: which are, how often, and what is said of those that cannot be.
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { measureMethods } from '../../../sdk/src/index.ts';
import { recordSpans } from '../../support/spans.ts';

const log = recordSpans();
const names = (): string[] => log.take().map(({ name }) => name);

beforeEach(() => {
  names();
});

@measureMethods({ methods: ['create', 'find'], statics: ['open'], prefix: 'orders' })
class Orders {
  readonly #ids: string[] = [];

  create(id: string): number {
    return this.#ids.push(id);
  }

  async find(id: string): Promise<boolean> {
    return this.#ids.includes(id);
  }

  size(): number {
    return this.#ids.length;
  }

  static open(): Orders {
    return new this();
  }
}

describe('@measureMethods', () => {
  it('measures the chosen methods and no others, and leaves the class as it is', async () => {
    const orders = Orders.open();
    expect(orders).toBeInstanceOf(Orders);
    expect(orders.create('a')).toBe(1);
    expect(await orders.find('a')).toBe(true);
    expect(orders.size()).toBe(1);
    expect(names()).toEqual(['orders.open', 'orders.create', 'orders.find']);
    expect(Orders.name).toBe('Orders');
    expect(Object.keys(orders)).toEqual([]);
    expect(Object.getOwnPropertyDescriptor(Orders.prototype, 'create')).toMatchObject({ enumerable: false });
  });

  it('measures an inherited method of the class alone, under its name', () => {
    class Base {
      run(): number {
        return 1;
      }
    }
    @measureMethods({ methods: ['run'] })
    class Derived extends Base {}
    expect(new Derived().run() + new Base().run()).toBe(2);
    expect(names()).toEqual(['Derived.run']);
  });

  it('measures once what a class above has measured', () => {
    @measureMethods({ methods: ['create'], prefix: 'special' })
    class Special extends Orders {}
    measureMethods({ methods: ['create'] })(Special);
    expect(new Special().create('a')).toBe(1);
    expect(names()).toEqual(['orders.create']);
  });

  it('says at once what it cannot measure, and leaves it working', () => {
    const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    @measureMethods({ methods: ['field', 'getter'] })
    class Mixed {
      field = (): number => 1;
      get getter(): () => number {
        return () => 2;
      }
    }
    const said = written.mock.calls.map(([line]) => String(line));
    written.mockRestore();
    expect(said).toEqual([
      expect.stringMatching(/Mixed\.field \[METHOD_NOT_MEASURED\]/),
      expect.stringMatching(/Mixed\.getter \[METHOD_NOT_MEASURED\]/),
    ]);
    expect(new Mixed().field() + new Mixed().getter()).toBe(3);
    expect(names()).toEqual([]);
  });

  it('takes abstract classes, and refuses by type what is no method', () => {
    abstract class Shape {
      abstract area(): number;
      twice(): number {
        return 2 * this.area();
      }
      readonly sides = 4;
    }
    measureMethods({ methods: ['twice'], prefix: 'shape' })(Shape);
    class Square extends Shape {
      area(): number {
        return 1;
      }
    }
    expect(new Square().twice()).toBe(2);
    expect(names()).toEqual(['shape.twice']);
    const refused = (): void => {
      // @ts-expect-error -- a misspelt method
      measureMethods({ methods: ['twise'] })(Shape);
      // @ts-expect-error -- not a function
      measureMethods({ methods: ['sides'] })(Shape);
      // @ts-expect-error -- not static
      measureMethods({ methods: ['twice'], statics: ['twice'] })(Shape);
    };
    expect(refused).toBeTypeOf('function');
  });
});
