// Pools of connections to databases, by the conventions for them. How often connections are used again follows from how
// many were made and how often they were used.
import type { Attributes } from '@opentelemetry/api';
import { RESOURCE_ATTRIBUTE, RESOURCE_METRIC } from '../names.ts';
import { claim } from './claims.ts';
import type { PoolEvents } from './pool-events.ts';
import { type PoolShape, shapeOf } from './pool-shapes.ts';
import { count, meet, Readings, record, Totals } from './readings.ts';
import { state } from '../state.ts';

/** Options of {@link instrumentPool}. */
export interface PoolOptions {
  /** Name of the pool, unique in the program; by default that of the library. */
  readonly name?: string;
  /** Most connections that may be idle, where the pool has such a limit. */
  readonly idleMax?: number;
}

/** How full a pool of another kind is, as numbers or as functions that say them when metrics are collected. */
export interface PoolLevelsSource {
  readonly used: number | (() => number);
  readonly idle?: number | (() => number);
  readonly pending?: number | (() => number);
  readonly max?: number | (() => number);
  readonly min?: number | (() => number);
}

const readings = new Readings([
  RESOURCE_METRIC.connectionCount,
  RESOURCE_METRIC.connectionIdleMax,
  RESOURCE_METRIC.connectionIdleMin,
  RESOURCE_METRIC.connectionMax,
  RESOURCE_METRIC.connectionPending,
]);
const requests = new Totals(RESOURCE_METRIC.connectionRequests);

/**
 * Measures a pool of tarn (knex), pg or generic-pool, or an object that says how full a pool is.
 *
 * @returns the same pool
 */
export function instrumentPool<P extends object>(pool: P, options: PoolOptions = {}): P {
  return claim('pool', pool, (target) => {
    const shape = shapeOf(target);
    if (shape === undefined) return undefined;
    const { name, idleMax } = options;
    const own = { [RESOURCE_ATTRIBUTE.poolName]: name ?? shape.name };
    return [readLevels(target, shape, own, idleMax), ...shape.watch(target, eventsOf(own))];
  });
}

function readLevels(pool: object, shape: PoolShape, own: Attributes, idleMax: number | undefined): () => void {
  const idle = { ...own, [RESOURCE_ATTRIBUTE.connectionState]: 'idle' };
  const used = { ...own, [RESOURCE_ATTRIBUTE.connectionState]: 'used' };
  return readings.add(
    pool,
    (target, report) => {
      const levels = shape.levels(target);
      if (levels.used !== undefined) report(RESOURCE_METRIC.connectionCount, levels.used, used);
      if (levels.idle !== undefined) report(RESOURCE_METRIC.connectionCount, levels.idle, idle);
      if (levels.pending !== undefined) report(RESOURCE_METRIC.connectionPending, levels.pending, own);
      if (shape.isClosed?.(target) === true) return;
      if (levels.max !== undefined) report(RESOURCE_METRIC.connectionMax, levels.max, own);
      if (levels.min !== undefined) report(RESOURCE_METRIC.connectionIdleMin, levels.min, own);
      if (idleMax !== undefined) report(RESOURCE_METRIC.connectionIdleMax, idleMax, own);
    },
    shape.isAdapter,
  );
}

function eventsOf(own: Attributes): PoolEvents {
  const anew = requests.of({ ...own, [RESOURCE_ATTRIBUTE.connectionReused]: false });
  const again = requests.of({ ...own, [RESOURCE_ATTRIBUTE.connectionReused]: true });
  const unknown = requests.of(own);
  return {
    created(durationS) {
      if (durationS !== undefined) record(RESOURCE_METRIC.connectionCreateTime, durationS, own);
    },
    destroyed() {},
    acquired(isReused) {
      if (!state.isOn) return;
      meet();
      (isReused === undefined ? unknown : isReused ? again : anew).value++;
    },
    waited: (durationS) => record(RESOURCE_METRIC.connectionWaitTime, durationS, own),
    timedOut: () => count(RESOURCE_METRIC.connectionTimeouts, own),
    used: (durationS) => record(RESOURCE_METRIC.connectionUseTime, durationS, own),
  };
}
