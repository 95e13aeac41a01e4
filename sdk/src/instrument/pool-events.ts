// What happens to the resources of a pool: how long they took to make and to get, how long they were in use.
import type { Undo } from './claims.ts';
import { after, isObject, isTimeout, member, method, type Method, replaceMethod, watchCall } from './methods.ts';
import { secondsSince } from './readings.ts';

/** Told what happens in a pool; durations in seconds. */
export interface PoolEvents {
  created(durationS: number | undefined): void;
  destroyed(): void;
  /** A resource was given out. */
  acquired(isReused: boolean | undefined): void;
  /** How long it took to get one. */
  waited(durationS: number): void;
  timedOut(): void;
  /** It came back. */
  used(durationS: number): void;
}

/** Times that a pool asks for that are remembered at once; beyond that they are not measured. */
const MAX_OPEN = 10_000;

/** Knows what is in use and what was used before. */
export class Loans {
  readonly #events: PoolEvents;
  readonly #sinceMs = new WeakMap<object, number>();
  readonly #seen = new WeakSet<object>();

  constructor(events: PoolEvents) {
    this.#events = events;
  }

  acquired(resource: unknown): void {
    if (!isObject(resource)) {
      this.#events.acquired(undefined);
      return;
    }
    this.#events.acquired(this.#seen.has(resource));
    this.#seen.add(resource);
    this.#sinceMs.set(resource, performance.now());
  }

  released(resource: unknown): void {
    const sinceMs = isObject(resource) ? this.#sinceMs.get(resource) : undefined;
    if (sinceMs === undefined) return;
    this.#sinceMs.delete(resource as object);
    this.#events.used(secondsSince(sinceMs));
  }
}

/** Starts of what ends by the same id. */
export class Starts {
  readonly #startsMs = new Map<unknown, number>();

  begin(id: unknown): void {
    if (this.#startsMs.size < MAX_OPEN) this.#startsMs.set(id, performance.now());
  }

  /** @returns seconds, undefined where the start is not known */
  end(id: unknown): number | undefined {
    const startMs = this.#startsMs.get(id);
    this.#startsMs.delete(id);
    return startMs === undefined ? undefined : secondsSince(startMs);
  }
}

/** Times a `connect` that takes a callback or answers a promise. */
export function watchConnect(connect: Method, events: PoolEvents): Method {
  return function (...args) {
    const startMs = performance.now();
    const succeeded = (): void => events.waited(secondsSince(startMs));
    const failed = (error: unknown): void => {
      if (isTimeout(error)) events.timedOut();
    };
    const [callback] = args;
    if (typeof callback !== 'function') return watchCall(() => Reflect.apply(connect, this, args), succeeded, failed);
    const told = function (this: unknown, ...answer: unknown[]): unknown {
      if (answer[0] === undefined || answer[0] === null) succeeded();
      else failed(answer[0]);
      return Reflect.apply(callback, this, answer);
    };
    return Reflect.apply(connect, this, [told, ...args.slice(1)]);
  };
}

/** Watches an `acquire` that answers at once or by a promise. */
export function watchAcquire(pool: object, loans: Loans, events: PoolEvents): Undo | undefined {
  return replaceMethod(
    pool,
    'acquire',
    (acquire) =>
      function (...args) {
        const startMs = performance.now();
        return watchCall(
          () => Reflect.apply(acquire, this, args),
          (resource) => {
            events.waited(secondsSince(startMs));
            loans.acquired(resource);
          },
          (error) => {
            if (isTimeout(error)) events.timedOut();
          },
        );
      },
  );
}

/** Watches what comes back, to be used again or to be destroyed. */
export function watchReturns(pool: object, loans: Loans): (Undo | undefined)[] {
  return ['release', 'destroy'].map((name) =>
    replaceMethod(
      pool,
      name,
      (original) =>
        function (...args) {
          loans.released(args[0]);
          return Reflect.apply(original, this, args);
        },
    ),
  );
}

/** Puts an object before the program's factory, which stays untouched. */
export function watchFactory(pool: object, events: PoolEvents): Undo | undefined {
  const factory = member(pool, '_factory');
  if (!isObject(factory) || method(factory, 'create') === undefined) return undefined;
  const forward = (name: string, args: unknown[]): unknown => {
    const found = method(factory, name);
    // As the pool would fail without.
    if (found === undefined) throw new TypeError(`${name} is not a function`);
    return Reflect.apply(found, factory, args);
  };
  const watched = {
    ...(method(factory, 'validate') && { validate: (...args: unknown[]) => forward('validate', args) }),
    create(...args: unknown[]) {
      const startMs = performance.now();
      return watchCall(
        () => forward('create', args),
        () => events.created(secondsSince(startMs)),
        () => {},
      );
    },
    destroy: (...args: unknown[]) =>
      after(
        forward('destroy', args),
        () => events.destroyed(),
        () => {},
      ),
  };
  const holder = pool as { _factory: unknown };
  holder._factory = watched;
  return () => {
    if (holder._factory === watched) holder._factory = factory;
  };
}
