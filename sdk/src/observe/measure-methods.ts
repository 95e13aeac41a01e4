// Measures chosen methods of a class from its head, where decorating each of them would be noise.
import { warn } from '../errors.ts';
import { type AnyFunction, observe, tellInvalid } from './observe.ts';
import { type MeasureOptions, observationOf } from './measure-performance.ts';
import type { LowAttributes } from './attributes.ts';

/** What all methods have in common. Attributes and results differ by method, so those are for `measurePerformance`. */
type Shared = Pick<
  MeasureOptions<never, LowAttributes, never, LowAttributes>,
  'kind' | 'metrics' | 'slo' | 'memory' | 'argsSize' | 'code' | 'log'
>;

/** Options of {@link measureMethods}. */
export interface MethodsOptions<Method extends string, Static extends string> extends Shared {
  /** Names of methods, own or inherited; that they exist is checked by types. */
  readonly methods: readonly Method[];
  /** Names of static methods. */
  readonly statics?: readonly Static[];
  /** First part of each operation's name; the name of the class unless set. */
  readonly prefix?: string;
}

/** Classes that have all the named methods. */
type ClassWith<Method extends string, Static extends string> = (abstract new (
  ...args: never
) => Readonly<Record<Method, AnyFunction>>) &
  Readonly<Record<Static, AnyFunction>>;

/** A class decorator, under standard and under legacy rules; it leaves the class itself as it is. */
export type ClassInstrument<Method extends string, Static extends string> = <C extends ClassWith<Method, Static>>(
  target: C,
  context?: ClassDecoratorContext<C>,
) => void;

/** Methods that were wrapped here: a class below another that measures the same method does not do it again. */
const measured = new WeakSet<AnyFunction>();

/**
 * Measures methods of a class, each under `prefix.method`.
 *
 * `@measureMethods({ methods: ['create', 'find'], prefix: 'orders' })` before a class, or called with the class; a method
 * is wrapped once, on the prototype, so instances made before are measured too. Function fields and accessors belong to
 * instances and are not wrapped, which is said at once.
 */
export function measureMethods<const Method extends string, const Static extends string = never>(
  options: MethodsOptions<Method, Static>,
): ClassInstrument<Method, Static> {
  return (target) => {
    try {
      const { methods, statics = [], prefix = target.name, ...shared } = options;
      for (const method of methods)
        wrap(target.prototype as object, method, { ...shared, name: `${prefix}.${method}` });
      for (const method of statics) wrap(target, method, { ...shared, name: `${prefix}.${method}` });
    } catch (error) {
      tellInvalid(error);
    }
  };
}

function wrap(owner: object, method: string, options: Shared & { readonly name: string }): void {
  const descriptor = descriptorOf(owner, method);
  const value: unknown = descriptor?.value;
  if (typeof value !== 'function') {
    warn('METHOD_NOT_MEASURED', options.name);
    return;
  }
  const fn = value as AnyFunction;
  if (measured.has(fn)) return;
  const wrapped = observe(observationOf(options, fn), fn);
  measured.add(wrapped);
  Object.defineProperty(owner, method, { ...descriptor, value: wrapped });
}

function descriptorOf(owner: object | null, key: string): PropertyDescriptor | undefined {
  if (owner === null) return undefined;
  return Object.getOwnPropertyDescriptor(owner, key) ?? descriptorOf(Object.getPrototypeOf(owner) as object, key);
}
