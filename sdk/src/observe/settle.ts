// Ends a call when it is really over: at once for plain values, at settlement for promises and thenables, after the last
// item for iterators and streams. What the caller gets keeps its kind, and an object its identity.
import { context, type Span } from '@opentelemetry/api';
import { Call } from './call.ts';
import { Ending, joins, type Method, shadow } from './ending.ts';
import { watchIterable, watchIterator } from './iterators.ts';
import { isNodeStream, isWebStream, watchNodeStream, watchWebStream } from './streams.ts';

type Handler = ((value: unknown) => unknown) | null | undefined;

/**
 * Ends `call` when `result` is over, and returns what the caller gets in its place.
 *
 * - plain values and objects: ended now, returned as they are
 * - a plain promise: a promise of the same outcome; not the same object, because watching the original would make
 *   an unhandled rejection look handled
 * - a promise of a subclass: the same object, ended when it settles, however many calls that are
 * - other thenables: the same object, not triggered; ended by what its first `then` reports
 * - generators, async iterables and iterators: the same object, each step in the context of the call, ended after the last
 *   item
 * - streams of the web and of Node: the same object, ended when it was read, failed, was cancelled or destroyed
 *
 * Lazy results that nobody uses up never end their call. An object that is returned again while it is watched is not
 * watched twice: up to eight calls end together, further ones now.
 */
export function settle(call: Call, result: unknown): unknown {
  if (typeof result !== 'object' || result === null) {
    if (call.watch !== undefined) call.value(result);
    call.end();
    return result;
  }
  let ending: Ending | undefined;
  try {
    if (Object.getPrototypeOf(result) === Promise.prototype) return settlePromise(call, result as Promise<unknown>);
    ending = new Ending(call);
    if (result instanceof Promise) return settleSubclass(ending, result);
    if (settleLazily(ending, result)) return result;
  } catch {
    // A throwing getter, a frozen object, a hostile proxy: pass it on untouched and time the call alone.
    (ending ?? new Ending(call)).succeed();
    return result;
  }
  if (call.watch !== undefined) call.value(result);
  ending.succeed();
  return result;
}

/** What an async call resolved to may itself be lazy, such as an async iterable. */
function resolve(ending: Ending, value: unknown): void {
  try {
    if (typeof value === 'object' && value !== null && settleLazily(ending, value)) return;
  } catch {
    // As in settle: hostile values pass through.
  }
  ending.value(value);
  ending.succeed();
}

/** Promises that have the shadow of {@link settleSubclass}. */
const mirrored = new WeakSet<Promise<unknown>>();

/** The one lazy kind that is common, so it makes no more objects than it must. */
function settlePromise(call: Call, promise: Promise<unknown>): Promise<unknown> {
  const fulfilled = (value: unknown): unknown => {
    if (typeof value === 'object' && value !== null) resolve(new Ending(call), value);
    else {
      if (call.watch !== undefined) call.value(value);
      call.end();
    }
    return value;
  };
  const rejected = (thrown: unknown): never => {
    call.fail(thrown);
    throw thrown;
  };
  // A rejection passes on by itself.
  const outcome = call.isUnseen ? promise.then(fulfilled) : promise.then(fulfilled, rejected);
  // Some libraries hang a cancel() or an id on a plain promise.
  if (Reflect.ownKeys(promise).length > 0) Object.defineProperties(outcome, Object.getOwnPropertyDescriptors(promise));
  return outcome;
}

/**
 * As {@link settle}, for a call of which nothing but a span is wanted. Runs with the span active, so that what is needed of
 * the call is made only when it is needed: never, for a promise of a plain value.
 */
export function settleSpan(span: Span, result: object): unknown {
  const fulfilled = (value: unknown): unknown => {
    if (typeof value === 'object' && value !== null) resolve(new Ending(new Call(span, context.active())), value);
    else span.end();
    return value;
  };
  const rejected = (thrown: unknown): never => {
    new Call(span, context.active()).fail(thrown);
    throw thrown;
  };
  try {
    if (isPlainPromise(result)) return result.then(fulfilled, rejected);
  } catch {
    // A proxy: of a promise it looks like one, and is none.
  }
  return settle(new Call(span, context.active()), result);
}

/** Of no subclass and with nothing of its own. */
function isPlainPromise(result: object): result is Promise<unknown> {
  return Object.getPrototypeOf(result) === Promise.prototype && Reflect.ownKeys(result).length === 0;
}

/**
 * Keeps the object, whose methods and private state would not survive a derived promise.
 *
 * Watching it marks its rejection as handled, so an unwatched one is mirrored by a rejection that nobody handles
 * until somebody calls `then` on the original. One mirror is enough for all calls of a promise.
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
    (value: unknown) => resolve(ending, value),
    (thrown: unknown) => {
      ending.fail(thrown);
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- whatever was thrown is mirrored as it is
      if (!handled) mirror = Promise.reject(thrown);
    },
  ]);
  return promise;
}

/** Answers whether `result` is lazy; if so its calls end when its work does. */
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
  // Streams have ways to be read that never ask for the iterator.
  if (isWebStream(result)) {
    watchWebStream(ending, result);
    return true;
  }
  if (isNodeStream(result)) {
    watchNodeStream(ending, result);
    return true;
  }
  // What walks over a collection has no work of its own.
  const isWalk = typeof tag === 'string' && tag.endsWith(' Iterator');
  return !isWalk && settleIterated(ending, result as Record<PropertyKey, unknown>);
}

function settleIterated(ending: Ending, result: Record<PropertyKey, unknown>): boolean {
  const { on, next, [Symbol.asyncIterator]: iterateAsync } = result;
  const isIterator = typeof next === 'function';
  // Collections are there already, and only their iterators have work before them.
  const iterate = isIterator ? result[Symbol.iterator] : undefined;
  // An emitter of events that can also be iterated is used in other ways.
  if ((typeof iterateAsync !== 'function' && typeof iterate !== 'function') || typeof on === 'function') return false;
  // It may be read without ever being asked for an iterator.
  if (isIterator) watchIterator(ending, result);
  try {
    if (typeof iterateAsync === 'function') watchIterable(ending, result, Symbol.asyncIterator, iterateAsync as Method);
    if (typeof iterate === 'function') watchIterable(ending, result, Symbol.iterator, iterate as Method);
  } catch (error) {
    // What gives itself is watched already.
    if (!isIterator) throw error;
  }
  return true;
}

function settleThenable(ending: Ending, thenable: object, then: Method): void {
  if (joins(ending, thenable, 'then')) return;
  const restore = shadow(ending, thenable, 'then', function (onFulfilled, onRejected) {
    restore();
    // The caller's handlers go on in the caller's context; only the lazy work belongs to the call.
    const outside = context.active();
    const fulfilled = (value: unknown): unknown => {
      resolve(ending, value);
      return typeof onFulfilled === 'function' ? context.with(outside, () => (onFulfilled as Method)(value)) : value;
    };
    const rejected = (thrown: unknown): unknown => {
      ending.fail(thrown);
      if (typeof onRejected === 'function') return context.with(outside, () => (onRejected as Method)(thrown));
      throw thrown;
    };
    return ending.run(() => Reflect.apply(then, this, [fulfilled, rejected] satisfies Handler[]));
  });
}
