// Ways to watch an object without changing what its program sees: methods replaced on the object alone, listeners that
// cannot throw, promises looked at without being handled.
import { state } from '../state.ts';
import type { Undo } from './claims.ts';
import { attempt } from './readings.ts';

export type Method = (this: unknown, ...args: unknown[]) => unknown;

export function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

/** A member of something, undefined where there is none or its getter throws. */
export function member(target: unknown, name: PropertyKey): unknown {
  return isObject(target) ? attempt(() => (target as Record<PropertyKey, unknown>)[name]) : undefined;
}

/** A method as it can be called on the object, undefined where there is none. */
export function method(target: unknown, name: PropertyKey): Method | undefined {
  const found = member(target, name);
  return typeof found === 'function' ? (found as Method) : undefined;
}

/** A number that is a member, or what a function says that is one. */
export function numberOf(target: unknown, name: PropertyKey): number | undefined {
  const found = member(target, name);
  const value = typeof found === 'function' ? attempt(() => Reflect.apply(found, target, []) as unknown) : found;
  // Who asks a store for its size may get a promise; that it fails is no failure of the program.
  if (value instanceof Promise) value.catch(() => {});
  return typeof value === 'number' ? value : undefined;
}

/**
 * Replaces a method on the object alone; calls go to the original while instrumentation is off.
 *
 * What is frozen, or no plain method, stays as it is. Whoever wraps the method later keeps working, also after the undo.
 *
 * @param make gives the replacement; what it does beside calling the original must not throw
 */
export function replaceMethod(target: object, name: string, make: (original: Method) => Method): Undo | undefined {
  return attempt(() => replace(target, name, make));
}

function replace(target: object, name: string, make: (original: Method) => Method): Undo | undefined {
  const own = Object.getOwnPropertyDescriptor(target, name);
  // What a getter answers may differ from time to time.
  if (own !== undefined && (!('value' in own) || own.configurable === false)) return undefined;
  const original = method(target, name);
  if (original === undefined || !Object.isExtensible(target)) return undefined;
  const watched = make(original);
  let isStopped = false;
  const replacement: Method = function (...args) {
    return Reflect.apply(isStopped || !state.isOn ? original : watched, this, args);
  };
  for (const key of ['name', 'length'] as const)
    Object.defineProperty(replacement, key, { value: original[key], configurable: true });
  const descriptor = { configurable: true, writable: true, enumerable: own?.enumerable ?? false };
  Object.defineProperty(target, name, { ...descriptor, value: replacement });
  return () => {
    isStopped = true;
    if (Object.getOwnPropertyDescriptor(target, name)?.value !== replacement) return;
    if (own === undefined) Reflect.deleteProperty(target, name);
    else Object.defineProperty(target, name, own);
  };
}

/** Listens to events of an emitter of Node's kind while instrumentation is on, before others that listen where it can. */
export function listen(
  emitter: object,
  event: string | symbol,
  listener: (...args: unknown[]) => void,
): Undo | undefined {
  return attach(emitter, event, (...args) => {
    if (state.isOn) listener(...args);
  });
}

/** As {@link listen}, whether instrumentation is on or not: for ends of what began while it was. */
export function attach(
  emitter: object,
  event: string | symbol,
  listener: (...args: unknown[]) => void,
): Undo | undefined {
  const on = method(emitter, 'prependListener') ?? method(emitter, 'on');
  if (on === undefined) return undefined;
  const safe = (...args: unknown[]): void => void attempt(() => listener(...args));
  attempt(() => void Reflect.apply(on, emitter, [event, safe]));
  return () => {
    const off = method(emitter, 'removeListener') ?? method(emitter, 'off');
    if (off !== undefined) Reflect.apply(off, emitter, [event, safe]);
  };
}

/** The event that comes before `error` and is no handling of it. */
export function errorMonitor(): symbol {
  return process.getBuiltinModule('node:events').errorMonitor;
}

/** Listens to a diagnostics channel. */
export function subscribe(channel: string, listener: (message: unknown) => void): Undo {
  const { subscribe: add, unsubscribe } = process.getBuiltinModule('node:diagnostics_channel');
  const safe = (message: unknown): void => {
    if (state.isOn) attempt(() => listener(message));
  };
  add(channel, safe);
  return () => void unsubscribe(channel, safe);
}

/** Subscriptions of the process that are there as long as anybody wants them. */
export class Shared {
  readonly #begin: () => Undo[];
  #wanting = 0;
  #undos: Undo[] = [];

  constructor(begin: () => Undo[]) {
    this.#begin = begin;
  }

  want(): Undo {
    if (this.#wanting++ === 0) this.#undos = this.#begin();
    return () => {
      if (--this.#wanting === 0) for (const undo of this.#undos.splice(0)) undo();
    };
  }
}

/**
 * Looks at what a call comes to, at once or when its promise settles.
 *
 * A plain promise is followed by one of the same outcome, so that an unhandled rejection stays one. Other thenables are
 * not asked: that might start their work, or handle a rejection. Of them nothing is known.
 *
 * @returns what the caller gets
 */
export function after(
  result: unknown,
  succeeded: (value: unknown) => void,
  failed: (thrown: unknown) => void,
): unknown {
  if (!isPlainPromise(result)) {
    if (typeof member(result, 'then') !== 'function') attempt(() => succeeded(result));
    return result;
  }
  const outcome = result.then(
    (value) => {
      attempt(() => succeeded(value));
      return value;
    },
    (thrown: unknown) => {
      attempt(() => failed(thrown));
      throw thrown;
    },
  );
  if (Reflect.ownKeys(result).length > 0) Object.defineProperties(outcome, Object.getOwnPropertyDescriptors(result));
  return outcome;
}

/** Calls the original and looks at what it comes to, throws included. */
export function watchCall(
  call: () => unknown,
  succeeded: (value: unknown) => void,
  failed: (thrown: unknown) => void,
): unknown {
  let result: unknown;
  try {
    result = call();
  } catch (thrown) {
    attempt(() => failed(thrown));
    throw thrown;
  }
  return after(result, succeeded, failed);
}

/** Of a promise of the language itself, and of no subclass, it is known what `then` does. */
export function isPlainPromise(value: unknown): value is Promise<unknown> {
  return attempt(() => isObject(value) && Object.getPrototypeOf(value) === Promise.prototype) === true;
}

/** Kinds of errors that are told apart in metrics, in one process. */
const MAX_ERROR_TYPES = 100;
const errorTypes = new Set<string>();

/** What kind of error it is, one of few. @returns `_OTHER` where it does not say, or there are too many kinds */
export function errorType(thrown: unknown): string {
  const type = [member(thrown, 'code'), member(thrown, 'name')].find(
    (value) => typeof value === 'string' && value !== '',
  );
  if (typeof type !== 'string' || type.length > 100) return '_OTHER';
  if (!errorTypes.has(type) && errorTypes.size >= MAX_ERROR_TYPES) return '_OTHER';
  errorTypes.add(type);
  return type;
}

/** Whether an error says that something took too long. Many libraries tell it by the text alone. */
export function isTimeout(thrown: unknown): boolean {
  const said = [member(thrown, 'name'), member(thrown, 'code'), member(thrown, 'message')];
  return said.some((text) => typeof text === 'string' && /time(d )?-?_?out|ETIMEDOUT/i.test(text));
}
