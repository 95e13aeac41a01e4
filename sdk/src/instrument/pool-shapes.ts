// Pools of the libraries in use, told apart by their members: how full they are, and what happens to what they hold.
import type { Undo } from './claims.ts';
import {
  after,
  isObject,
  isTimeout,
  listen,
  member,
  method,
  type Method,
  numberOf,
  replaceMethod,
  watchCall,
} from './methods.ts';
import { secondsSince } from './readings.ts';

/** How full a pool is; what it does not say is undefined. */
export interface PoolLevels {
  readonly used?: number | undefined;
  readonly idle?: number | undefined;
  readonly pending?: number | undefined;
  readonly max?: number | undefined;
  readonly min?: number | undefined;
}

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

/** One kind of pool. */
export interface PoolShape {
  /** Name of a pool that was given none. */
  readonly name: string;
  /** It exists only to be read. */
  readonly isAdapter?: boolean;
  levels(pool: object): PoolLevels;
  watch(pool: object, events: PoolEvents): (Undo | undefined)[];
}

/** Times that a pool asks for that are remembered at once; beyond that they are not measured. */
const MAX_OPEN = 10_000;

/** Tells apart the pools of tarn, pg and generic-pool, and objects that say their levels. */
export function shapeOf(pool: object): PoolShape | undefined {
  const has = (...names: string[]): boolean => names.every((name) => typeof member(pool, name) === 'function');
  const counts = (...names: string[]): boolean => names.every((name) => typeof member(pool, name) === 'number');
  if (has('numUsed', 'numFree', 'numPendingAcquires', 'acquire', 'release', 'on')) return TARN;
  if (counts('totalCount', 'idleCount', 'waitingCount') && has('connect', 'on')) return PG;
  if (counts('borrowed', 'available', 'pending') && has('acquire', 'release', 'destroy')) return GENERIC;
  return numberOf(pool, 'used') === undefined ? undefined : ADAPTER;
}

/** Knows what is in use and what was used before. */
class Loans {
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
class Starts {
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

const TARN: PoolShape = {
  name: 'tarn',
  levels: (pool) => ({
    used: numberOf(pool, 'numUsed'),
    idle: numberOf(pool, 'numFree'),
    pending: numberOf(pool, 'numPendingAcquires'),
    max: numberOf(pool, 'max'),
    min: numberOf(pool, 'min'),
  }),
  watch(pool, events) {
    const loans = new Loans(events);
    const waits = new Starts();
    const creations = new Starts();
    return [
      listen(pool, 'acquireRequest', (id) => waits.begin(id)),
      listen(pool, 'acquireSuccess', (id, resource) => {
        const waitedS = waits.end(id);
        if (waitedS !== undefined) events.waited(waitedS);
        loans.acquired(resource);
      }),
      listen(pool, 'acquireFail', (id, error) => {
        const waitedS = waits.end(id);
        // Its errors of time have no name of their own.
        if (waitedS !== undefined && (isTimeout(error) || isTimeout(member(error, 'constructor')))) events.timedOut();
      }),
      listen(pool, 'release', (resource) => loans.released(resource)),
      listen(pool, 'createRequest', (id) => creations.begin(id)),
      listen(pool, 'createSuccess', (id) => events.created(creations.end(id))),
      listen(pool, 'createFail', (id) => void creations.end(id)),
      listen(pool, 'destroySuccess', () => events.destroyed()),
    ];
  },
};

const PG: PoolShape = {
  name: 'pg',
  levels(pool) {
    const [total, idle] = [numberOf(pool, 'totalCount'), numberOf(pool, 'idleCount')];
    const options = member(pool, 'options');
    return {
      used: total === undefined || idle === undefined ? undefined : total - idle,
      idle,
      pending: numberOf(pool, 'waitingCount'),
      max: numberOf(options, 'max'),
      min: numberOf(options, 'min'),
    };
  },
  watch(pool, events) {
    const loans = new Loans(events);
    const creations = new WeakMap<object, number>();
    return [
      replaceMethod(pool, 'connect', (connect) => watchConnect(connect, events)),
      replaceMethod(
        pool,
        'newClient',
        (newClient) =>
          function (...args) {
            const startMs = performance.now();
            const result: unknown = Reflect.apply(newClient, this, args);
            // The client that it made is the last one, and connects later.
            const client: unknown = attemptLast(member(this, '_clients'));
            if (isObject(client)) creations.set(client, startMs);
            return result;
          },
      ),
      listen(pool, 'connect', (client) => {
        const startMs = isObject(client) ? creations.get(client) : undefined;
        events.created(startMs === undefined ? undefined : secondsSince(startMs));
      }),
      listen(pool, 'acquire', (client) => loans.acquired(client)),
      listen(pool, 'release', (_error, client) => loans.released(client)),
      listen(pool, 'remove', () => events.destroyed()),
    ];
  },
};

function attemptLast(list: unknown): unknown {
  return Array.isArray(list) ? (list.at(-1) as unknown) : undefined;
}

/** Times a `connect` that takes a callback or answers a promise. */
function watchConnect(connect: Method, events: PoolEvents): Method {
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

const GENERIC: PoolShape = {
  name: 'generic-pool',
  levels: (pool) => ({
    used: numberOf(pool, 'borrowed'),
    idle: numberOf(pool, 'available'),
    pending: numberOf(pool, 'pending'),
    max: numberOf(pool, 'max'),
    min: numberOf(pool, 'min'),
  }),
  watch(pool, events) {
    const loans = new Loans(events);
    return [watchAcquire(pool, loans, events), ...watchReturns(pool, loans), watchFactory(pool, events)];
  },
};

/** Any object with `acquire` and `release`, whether they answer at once or by a promise. */
export const PLAIN: PoolShape = {
  name: 'pool',
  levels: (pool) => ({
    used: numberOf(pool, 'used'),
    idle: numberOf(pool, 'idle') ?? numberOf(pool, 'available'),
    pending: numberOf(pool, 'pending'),
    max: numberOf(pool, 'max'),
  }),
  watch(pool, events) {
    const loans = new Loans(events);
    return [watchAcquire(pool, loans, events), ...watchReturns(pool, loans)];
  },
};

const ADAPTER: PoolShape = {
  name: 'pool',
  isAdapter: true,
  levels: (pool) => ({
    used: numberOf(pool, 'used'),
    idle: numberOf(pool, 'idle'),
    pending: numberOf(pool, 'pending'),
    max: numberOf(pool, 'max'),
    min: numberOf(pool, 'min'),
  }),
  watch: () => [],
};

function watchAcquire(pool: object, loans: Loans, events: PoolEvents): Undo | undefined {
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

function watchReturns(pool: object, loans: Loans): (Undo | undefined)[] {
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
function watchFactory(pool: object, events: PoolEvents): Undo | undefined {
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
