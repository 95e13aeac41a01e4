// The end of lazy work, for all calls that wait for it; and the methods of an object that are watched until then.
import { context, type Context } from '@opentelemetry/api';
import type { Call } from './call.ts';

/** A method as it is called, whatever it is of. */
export type Method = (this: unknown, ...args: unknown[]) => unknown;

// Wrappers that pass on one lazy object nest a few deep; more calls than that wait for one that is returned again and
// again, and perhaps never used.
const MAX_WAITING_CALLS = 8;

/** Ends the calls that wait for one piece of work once, whichever of its ways to end comes first. */
export class Ending {
  readonly #calls: Call[];
  readonly active: Context;

  constructor(call: Call) {
    this.#calls = [call];
    this.active = call.active;
  }

  succeed(): void {
    for (const call of this.#calls.splice(0)) call.end();
  }

  fail(thrown: unknown): void {
    for (const call of this.#calls.splice(0)) call.fail(thrown);
  }

  /** The work gave an item and goes on. */
  item(item: unknown): void {
    for (const call of this.#calls) call.item(item);
  }

  /** What it resolved to. */
  value(value: unknown): void {
    for (const call of this.#calls) call.value(value);
  }

  /** Lets the calls of a later ending wait here; those that come when all is over or find no room end now. */
  adopt(later: Ending): void {
    if (later === this) return;
    const room = this.#calls.length === 0 ? 0 : MAX_WAITING_CALLS - this.#calls.length;
    this.#calls.push(...later.#calls.splice(0, room));
    later.succeed();
  }

  /** Runs a piece of lazy work in the context of the call; what it throws is recorded and thrown on. */
  run(work: () => unknown): unknown {
    try {
      return context.with(this.active, work);
    } catch (thrown) {
      this.fail(thrown);
      throw thrown;
    }
  }
}

/**
 * What shadows work for: by method, then by object and by shadow, because all proxies of one object show the same.
 * There must be one at most, because many, each calling the one before, overflow the stack.
 */
const endings = new Map<PropertyKey, WeakMap<object, Ending>>();

function endingsOf(key: PropertyKey): WeakMap<object, Ending> {
  let watched = endings.get(key);
  if (watched === undefined) endings.set(key, (watched = new WeakMap()));
  return watched;
}

/** Answers whether a method is shadowed already; if so `ending` has joined what the shadow works for. */
export function joins(ending: Ending, object: object, key: PropertyKey): boolean {
  const watched = endingsOf(key);
  const own: unknown = Object.getOwnPropertyDescriptor(object, key)?.value;
  const first = watched.get(object) ?? (typeof own === 'function' ? watched.get(own) : undefined);
  first?.adopt(ending);
  return first !== undefined;
}

/** Watches an object in another way than by a shadow. @returns whether it was watched already, which `ending` has joined */
export function joinsOrClaims(ending: Ending, object: object, key: PropertyKey): boolean {
  if (joins(ending, object, key)) return true;
  endingsOf(key).set(object, ending);
  return false;
}

/**
 * Puts `replacement` before a method of one object, and returns how to take it away again.
 *
 * A property of the object, not a proxy: a proxy is another object and breaks private fields.
 *
 * @throws TypeError when the object is frozen
 */
export function shadow(ending: Ending, object: object, key: PropertyKey, replacement: Method): () => void {
  const own = Object.getOwnPropertyDescriptor(object, key);
  Object.defineProperty(object, key, {
    value: replacement,
    configurable: true,
    writable: true,
    enumerable: own?.enumerable ?? false,
  });
  const watched = endingsOf(key).set(object, ending).set(replacement, ending);
  return () => {
    // A caller may have kept the shadow and call it again; by then another method may have taken its place.
    if (Object.getOwnPropertyDescriptor(object, key)?.value !== replacement) return;
    watched.delete(object);
    if (own) Object.defineProperty(object, key, own);
    else Reflect.deleteProperty(object, key);
  };
}
