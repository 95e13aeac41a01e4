// Lets the listeners of an event emitter run in the context in which the emitter was bound.
import type { EventEmitter } from 'node:events';

type Listener = (...args: unknown[]) => unknown;

/** Methods that add a listener. */
const ADD = ['addListener', 'on', 'prependListener', 'once', 'prependOnceListener'] as const;
const REMOVE = ['removeListener', 'off'] as const;

const bound = new WeakSet<EventEmitter>();

export function isEmitter(value: unknown): value is EventEmitter {
  return (
    typeof value === 'object' &&
    value !== null &&
    ADD.every((method) => typeof Reflect.get(value, method) === 'function')
  );
}

/**
 * Binds an emitter; the first binding counts.
 *
 * @param bind what a listener is replaced by as it is added
 */
export function bindEmitter(emitter: EventEmitter, bind: (listener: Listener) => Listener): void {
  if (bound.has(emitter)) return;
  bound.add(emitter);
  /** What was added last for a listener, since it is removed by the name of that. */
  const added = new WeakMap<Listener, Listener>();
  // `once` adds by means of `on`.
  let isAdding = false;
  for (const method of ADD) {
    const add = emitter[method].bind(emitter) as (event: string | symbol, listener: Listener) => EventEmitter;
    define(emitter, method, (event, listener) => {
      if (isAdding || typeof listener !== 'function') return add(event, listener);
      isAdding = true;
      try {
        const replacement = Object.assign(bind(listener), { listener });
        added.set(listener, replacement);
        return add(event, replacement);
      } finally {
        isAdding = false;
      }
    });
  }
  for (const method of REMOVE) {
    const remove = emitter[method].bind(emitter) as (event: string | symbol, listener: Listener) => EventEmitter;
    define(emitter, method, (event, listener) => {
      const before = emitter.listenerCount(event);
      remove(event, listener);
      const replacement = added.get(listener);
      if (replacement !== undefined && emitter.listenerCount(event) === before) remove(event, replacement);
      return emitter;
    });
  }
}

function define(
  emitter: EventEmitter,
  method: string,
  value: (event: string | symbol, listener: Listener) => EventEmitter,
): void {
  Object.defineProperty(emitter, method, { value, configurable: true, writable: true });
}
