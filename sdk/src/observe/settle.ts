// Ends the span of a call when the call is really over: at once for plain values, at settlement for promises and
// thenables, after the last item for iterators. What the caller gets keeps its kind, and an object its identity.
import { context, type Context, type Span, SpanStatusCode } from '@opentelemetry/api';
import { ATTRIBUTE, ERROR_TYPE_OTHER } from '../names.ts';

type Method = (this: unknown, ...args: unknown[]) => unknown;
type Handler = ((value: unknown) => unknown) | null | undefined;

// Wrappers that pass on one lazy object nest a few deep; more spans than that wait for one that is returned again and
// again, and perhaps never used.
const MAX_WAITING_SPANS = 8;

/**
 * Ends the span of `result` when `result` is over, and returns what the caller gets in its place.
 *
 * - plain values and objects: ended now, returned as they are
 * - a plain promise: a promise of the same outcome; not the same object, because watching the original would make
 *   an unhandled rejection look handled
 * - a promise of a subclass: the same object, ended when it settles, however many spans that are
 * - other thenables: the same object, not triggered; ended by what its first `then` reports
 * - generators and async iterables: the same object, each step in the span's context, ended after the last item
 *
 * Lazy results that nobody uses up never end their span. Streams are plain objects here. An object that is returned
 * again while it is watched is not watched twice: up to eight spans end together, further ones now.
 *
 * @param active the context that lazy work runs in, with the span set
 */
export function settle(span: Span, active: Context, result: unknown): unknown {
  if (typeof result !== 'object' || result === null) {
    span.end();
    return result;
  }
  let ending: Ending | undefined;
  try {
    if (Object.getPrototypeOf(result) === Promise.prototype) {
      return settlePromise(span, active, result as Promise<unknown>);
    }
    ending = new Ending(span, active);
    if (result instanceof Promise) return settleSubclass(ending, result);
    if (settleLazily(ending, result)) return result;
  } catch {
    // A throwing getter, a frozen object, a hostile proxy: pass it on untouched and time the call alone.
    (ending ?? new Ending(span, active)).succeed();
    return result;
  }
  span.end();
  return result;
}

/**
 * Records a thrown value as exception, error type and status, and ends the span.
 *
 * @param thrown any value, also `undefined` or an object whose getters throw
 */
export function fail(span: Span, thrown: unknown): void {
  try {
    const { type, message } = describe(thrown);
    span.setAttribute(ATTRIBUTE.errorType, type);
    span.setStatus({ code: SpanStatusCode.ERROR, message });
    span.recordException({ name: type, message, ...stackOf(thrown) });
  } catch {
    // The error object is hostile; it must not be replaced by an error of ours.
    span.setAttribute(ATTRIBUTE.errorType, ERROR_TYPE_OTHER);
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end();
}

function describe(thrown: unknown): { type: string; message: string } {
  if (typeof thrown !== 'object' || thrown === null) return { type: ERROR_TYPE_OTHER, message: String(thrown) };
  const { code, name, message } = thrown as { code?: unknown; name?: unknown; message?: unknown };
  // The code first, as OpenTelemetry's own recordException does: ECONNREFUSED says more than Error.
  const type = [code, name].find((value) => typeof value === 'string' && value !== '');
  return {
    type: typeof type === 'string' ? type : ERROR_TYPE_OTHER,
    message: typeof message === 'string' ? message : '',
  };
}

function stackOf(thrown: unknown): { stack?: string } {
  return thrown instanceof Error && typeof thrown.stack === 'string' ? { stack: thrown.stack } : {};
}

/** Ends the spans that wait for one piece of work once, whichever of its ways to end comes first. */
class Ending {
  readonly #spans: Span[];
  readonly active: Context;

  constructor(span: Span, active: Context) {
    this.#spans = [span];
    this.active = active;
  }

  succeed(): void {
    for (const span of this.#spans.splice(0)) span.end();
  }

  fail(thrown: unknown): void {
    for (const span of this.#spans.splice(0)) fail(span, thrown);
  }

  /** Lets the spans of a later ending wait here; those that come when all is over or find no room end now. */
  adopt(later: Ending): void {
    if (later === this) return;
    const room = this.#spans.length === 0 ? 0 : MAX_WAITING_SPANS - this.#spans.length;
    this.#spans.push(...later.#spans.splice(0, room));
    later.succeed();
  }

  /** What an async call resolved to may itself be lazy, such as an async iterable. */
  resolve(value: unknown): void {
    try {
      if (typeof value === 'object' && value !== null && settleLazily(this, value)) return;
    } catch {
      // As in settle: hostile values pass through.
    }
    this.succeed();
  }
}

/** Promises that have the shadow of {@link settleSubclass}. */
const mirrored = new WeakSet<Promise<unknown>>();

/**
 * What shadows work for: by method, then by object and by shadow, because all proxies of one object show the same.
 * There must be one at most, because many, each calling the one before, overflow the stack.
 */
const endings = new Map<PropertyKey, WeakMap<object, Ending>>([
  ['then', new WeakMap()],
  ['next', new WeakMap()],
  [Symbol.asyncIterator, new WeakMap()],
]);

/** Answers whether a method is shadowed already; if so `ending` has joined what the shadow works for. */
function joins(ending: Ending, object: object, key: PropertyKey): boolean {
  const watched = endings.get(key);
  const first = watched?.get(object) ?? watched?.get(Object.getOwnPropertyDescriptor(object, key)?.value);
  first?.adopt(ending);
  return first !== undefined;
}

/** The one lazy kind that is common, so it makes no more objects than it must. */
function settlePromise(span: Span, active: Context, promise: Promise<unknown>): Promise<unknown> {
  const outcome = promise.then(
    (value) => {
      if (typeof value === 'object' && value !== null) new Ending(span, active).resolve(value);
      else span.end();
      return value;
    },
    (thrown: unknown) => {
      fail(span, thrown);
      throw thrown;
    },
  );
  // Some libraries hang a cancel() or an id on a plain promise.
  if (Reflect.ownKeys(promise).length > 0) Object.defineProperties(outcome, Object.getOwnPropertyDescriptors(promise));
  return outcome;
}

/**
 * Keeps the object, whose methods and private state would not survive a derived promise.
 *
 * Watching it marks its rejection as handled, so an unwatched one is mirrored by a rejection that nobody handles
 * until somebody calls `then` on the original. One mirror is enough for all spans of a promise.
 */
function settleSubclass(ending: Ending, promise: Promise<unknown>): unknown {
  let handled = mirrored.has(promise);
  let mirror: Promise<never> | undefined;
  if (!handled) {
    const { then } = promise;
    if (then !== Promise.prototype.then) {
      settleThenable(ending, promise, then as Method);
      return promise;
    }
    shadow(ending, promise, 'then', function (...args) {
      handled = true;
      mirror?.catch(() => {});
      return Reflect.apply(then, this, args);
    });
    mirrored.add(promise);
  }
  Reflect.apply(Promise.prototype.then, promise, [
    (value: unknown) => ending.resolve(value),
    (thrown: unknown) => {
      ending.fail(thrown);
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- whatever was thrown is mirrored as it is
      if (!handled) mirror = Promise.reject(thrown);
    },
  ]);
  return promise;
}

/** Answers whether `result` is lazy; if so its span ends when its work does. */
function settleLazily(ending: Ending, result: object): boolean {
  const { then } = result as { then?: unknown };
  if (typeof then === 'function') {
    settleThenable(ending, result, then as Method);
    return true;
  }
  const tag = (result as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag];
  if (tag === 'Generator' || tag === 'AsyncGenerator') {
    watchIterator(ending, result);
    return true;
  }
  const { on, getReader, [Symbol.asyncIterator]: iterate } = result as Record<PropertyKey, unknown>;
  // Streams have ways to be read that never ask for the iterator.
  if (typeof iterate !== 'function' || typeof on === 'function' || typeof getReader === 'function') return false;
  if (joins(ending, result, Symbol.asyncIterator)) return true;
  const restore = shadow(ending, result, Symbol.asyncIterator, function (...args) {
    restore();
    const iterator = run(ending, () => Reflect.apply(iterate, this, args));
    watchIterator(ending, iterator as object);
    return iterator;
  });
  return true;
}

function settleThenable(ending: Ending, thenable: object, then: Method): void {
  if (joins(ending, thenable, 'then')) return;
  const restore = shadow(ending, thenable, 'then', function (onFulfilled, onRejected) {
    restore();
    // The caller's handlers go on in the caller's context; only the lazy work belongs to the span.
    const outside = context.active();
    const fulfilled = (value: unknown): unknown => {
      ending.resolve(value);
      return typeof onFulfilled === 'function' ? context.with(outside, () => (onFulfilled as Method)(value)) : value;
    };
    const rejected = (thrown: unknown): unknown => {
      ending.fail(thrown);
      if (typeof onRejected === 'function') return context.with(outside, () => (onRejected as Method)(thrown));
      throw thrown;
    };
    return run(ending, () => Reflect.apply(then, this, [fulfilled, rejected] satisfies Handler[]));
  });
}

function watchIterator(ending: Ending, iterator: object): void {
  if (joins(ending, iterator, 'next')) return;
  for (const key of ['next', 'return', 'throw']) {
    const step = (iterator as Record<string, unknown>)[key];
    if (typeof step !== 'function') continue;
    shadow(ending, iterator, key, function (...args) {
      const result = run(ending, () => Reflect.apply(step, this, args));
      if (!(result instanceof Promise)) {
        endWhenDone(ending, result);
        return result;
      }
      return result.then(
        (item: unknown) => {
          endWhenDone(ending, item);
          return item;
        },
        (thrown: unknown) => {
          ending.fail(thrown);
          throw thrown;
        },
      );
    });
  }
}

function endWhenDone(ending: Ending, item: unknown): void {
  if ((item as IteratorResult<unknown> | undefined)?.done === true) ending.succeed();
}

/** Runs a piece of lazy work in the span's context; what it throws is recorded and thrown on. */
function run(ending: Ending, work: () => unknown): unknown {
  try {
    return context.with(ending.active, work);
  } catch (thrown) {
    ending.fail(thrown);
    throw thrown;
  }
}

/**
 * Puts `replacement` before a method of one object, and returns how to take it away again.
 *
 * A property of the object, not a proxy: a proxy is another object and breaks private fields.
 *
 * @throws TypeError when the object is frozen
 */
function shadow(ending: Ending, object: object, key: PropertyKey, replacement: Method): () => void {
  const own = Object.getOwnPropertyDescriptor(object, key);
  Object.defineProperty(object, key, {
    value: replacement,
    configurable: true,
    writable: true,
    enumerable: own?.enumerable ?? false,
  });
  const watched = endings.get(key)?.set(object, ending).set(replacement, ending);
  return () => {
    // A caller may have kept the shadow and call it again; by then another method may have taken its place.
    if (Object.getOwnPropertyDescriptor(object, key)?.value !== replacement) return;
    watched?.delete(object);
    if (own) Object.defineProperty(object, key, own);
    else Reflect.deleteProperty(object, key);
  };
}
