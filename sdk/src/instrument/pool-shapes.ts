// Pools of the libraries in use, told apart by their members: how full they are, and what happens to what they hold.
import type { Undo } from './claims.ts';
import { attach, isObject, isTimeout, listen, member, numberOf, replaceMethod } from './methods.ts';
import {
  Loans,
  type PoolEvents,
  Starts,
  watchAcquire,
  watchConnect,
  watchFactory,
  watchReturns,
} from './pool-events.ts';
import { attempt, secondsSince } from './readings.ts';

/** How full a pool is; what it does not say is undefined. */
export interface PoolLevels {
  readonly used?: number | undefined;
  readonly idle?: number | undefined;
  readonly pending?: number | undefined;
  readonly max?: number | undefined;
  readonly min?: number | undefined;
}

/** One kind of pool. */
export interface PoolShape {
  /** Name of a pool that was given none. */
  readonly name: string;
  /** It exists only to be read. */
  readonly isAdapter?: boolean;
  levels(pool: object): PoolLevels;
  /** It is given up, so that its limits hold no longer: another one may have its name by now. */
  isClosed?(pool: object): boolean;
  watch(pool: object, events: PoolEvents): (Undo | undefined)[];
}

/** Tells apart the pools of tarn, pg and generic-pool, and objects that say their levels. */
export function shapeOf(pool: object): PoolShape | undefined {
  const has = (...names: string[]): boolean => names.every((name) => typeof member(pool, name) === 'function');
  const counts = (...names: string[]): boolean => names.every((name) => typeof member(pool, name) === 'number');
  if (has('numUsed', 'numFree', 'numPendingAcquires', 'acquire', 'release', 'on')) return TARN;
  if (counts('totalCount', 'idleCount', 'waitingCount') && has('connect', 'on')) return PG;
  if (counts('borrowed', 'available', 'pending') && has('acquire', 'release', 'destroy')) return GENERIC;
  return numberOf(pool, 'used') === undefined ? undefined : ADAPTER;
}

const TARN: PoolShape = {
  name: 'tarn',
  isClosed: (pool) => member(pool, 'destroyed') === true,
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
    // What began is ended also while instrumentation is off.
    return [
      listen(pool, 'acquireRequest', (id) => waits.begin(id)),
      attach(pool, 'acquireSuccess', (id, resource) => {
        const waitedS = waits.end(id);
        if (waitedS !== undefined) events.waited(waitedS);
        loans.acquired(resource);
      }),
      attach(pool, 'acquireFail', (id, error) => {
        const waitedS = waits.end(id);
        // Its errors of time have no name of their own.
        if (waitedS !== undefined && (isTimeout(error) || isTimeout(member(error, 'constructor')))) events.timedOut();
      }),
      listen(pool, 'release', (resource) => loans.released(resource)),
      listen(pool, 'createRequest', (id) => creations.begin(id)),
      attach(pool, 'createSuccess', (id) => events.created(creations.end(id))),
      attach(pool, 'createFail', (id) => void creations.end(id)),
      listen(pool, 'destroySuccess', () => events.destroyed()),
    ];
  },
};

const PG: PoolShape = {
  name: 'pg',
  isClosed: (pool) => member(pool, 'ending') === true,
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

const GENERIC: PoolShape = {
  name: 'generic-pool',
  isClosed: (pool) => member(pool, '_draining') === true,
  levels: (pool) => ({
    used: numberOf(pool, 'borrowed'),
    idle: numberOf(pool, 'available'),
    pending: numberOf(pool, 'pending'),
    max: numberOf(pool, 'max'),
    min: numberOf(pool, 'min'),
  }),
  watch(pool, events) {
    const loans = new Loans(events);
    return [watchAcquire(pool, loans, events), ...watchReturns(pool, loans), attempt(() => watchFactory(pool, events))];
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
