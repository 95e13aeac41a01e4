// A context manager on AsyncLocalStorage that tells a watch what becomes active.
import { AsyncLocalStorage } from 'node:async_hooks';
import { type Context, type ContextManager, ROOT_CONTEXT } from '@opentelemetry/api';
import { bindEmitter, isEmitter } from './emitter-context.ts';
import type { MisuseWatch } from './misuse.ts';

type Method = (this: unknown, ...args: unknown[]) => unknown;

/** Carries contexts as the SDK's own manager does. */
export class TestContextManager implements ContextManager {
  readonly #storage = new AsyncLocalStorage<Context>();
  readonly #watch: MisuseWatch;

  constructor(watch: MisuseWatch) {
    this.#watch = watch;
  }

  active(): Context {
    return this.#storage.getStore() ?? ROOT_CONTEXT;
  }

  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    context: Context,
    fn: F,
    thisArg?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    this.#watch.entered(context);
    return this.#storage.run(context, () => Reflect.apply(fn, thisArg, args) as ReturnType<F>);
  }

  /** Binds functions, and the listeners of emitters; one that is called after its span's end is no misuse. */
  bind<T>(context: Context, target: T): T {
    if (typeof target === 'function') return this.#bound(context, target as unknown as Method) as unknown as T;
    if (isEmitter(target)) bindEmitter(target, (listener) => this.#bound(context, listener));
    return target;
  }

  /** @since API 1.10, where it is experimental */
  attach(context: Context): { dispose(): void } {
    const before = this.active();
    const detached = this.#watch.attached(context);
    this.#storage.enterWith(context);
    let isDisposed = false;
    return {
      dispose: () => {
        if (isDisposed) return;
        isDisposed = true;
        detached(this.active());
        this.#storage.enterWith(before);
      },
    };
  }

  #bound(context: Context, method: Method): Method {
    const storage = this.#storage;
    const bound: Method = function (...args) {
      return storage.run(context, () => Reflect.apply(method, this, args));
    };
    return Object.defineProperty(bound, 'length', { value: method.length, configurable: true });
  }

  enable(): this {
    return this;
  }

  disable(): this {
    this.#storage.disable();
    return this;
  }
}
