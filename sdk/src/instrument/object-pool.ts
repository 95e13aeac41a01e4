// Pools of objects that are no connections: buffers, workers, parsers.
import type { Attributes } from '@opentelemetry/api';
import { RESOURCE_ATTRIBUTE, RESOURCE_METRIC } from '../names.ts';
import { claim } from './claims.ts';
import { method } from './methods.ts';
import type { PoolEvents } from './pool-events.ts';
import { PLAIN, type PoolShape, shapeOf } from './pool-shapes.ts';
import { count, meet, Readings, record, Totals } from './readings.ts';
import { state } from '../state.ts';

/** Options of {@link instrumentObjectPool}. */
export interface ObjectPoolOptions {
  /** Name of the pool, one of few; by default that of the library. */
  readonly name?: string;
}

const readings = new Readings([
  RESOURCE_METRIC.objectPoolCount,
  RESOURCE_METRIC.objectPoolMax,
  RESOURCE_METRIC.objectPoolWaiting,
]);
const acquisitions = new Totals(RESOURCE_METRIC.objectPoolAcquisitions);
const creations = new Totals(RESOURCE_METRIC.objectPoolCreated);
const destructions = new Totals(RESOURCE_METRIC.objectPoolDestroyed);

/**
 * Measures a pool of objects: one of tarn or generic-pool, any object with `acquire` and `release`, or one that says how
 * full a pool is.
 *
 * @returns the same pool
 */
export function instrumentObjectPool<P extends object>(pool: P, options: ObjectPoolOptions = {}): P {
  return claim('object pool', pool, (target) => {
    const isPlain = method(target, 'acquire') !== undefined && method(target, 'release') !== undefined;
    const found = shapeOf(target);
    // Whoever says levels and can be watched is watched.
    const shape = isPlain && (found === undefined || found.isAdapter === true) ? PLAIN : found;
    if (shape === undefined) return undefined;
    const own = { [RESOURCE_ATTRIBUTE.objectPoolName]: options.name ?? shape.name };
    return [readLevels(target, shape, own), ...shape.watch(target, eventsOf(own, shape === PLAIN))];
  });
}

function readLevels(pool: object, shape: PoolShape, own: Attributes): () => void {
  const idle = { ...own, [RESOURCE_ATTRIBUTE.objectPoolState]: 'idle' };
  const used = { ...own, [RESOURCE_ATTRIBUTE.objectPoolState]: 'used' };
  return readings.add(
    pool,
    (target, report) => {
      const levels = shape.levels(target);
      if (levels.used !== undefined) report(RESOURCE_METRIC.objectPoolCount, levels.used, used);
      if (levels.idle !== undefined) report(RESOURCE_METRIC.objectPoolCount, levels.idle, idle);
      if (levels.pending !== undefined) report(RESOURCE_METRIC.objectPoolWaiting, levels.pending, own);
      if (shape.isClosed?.(target) === true) return;
      if (levels.max !== undefined) report(RESOURCE_METRIC.objectPoolMax, levels.max, own);
    },
    shape.isAdapter,
  );
}

/** @param makesAnew the pool does not say when it makes an object: one that was never seen was made */
function eventsOf(own: Attributes, makesAnew: boolean): PoolEvents {
  const anew = acquisitions.of({ ...own, [RESOURCE_ATTRIBUTE.objectPoolReused]: false });
  const again = acquisitions.of({ ...own, [RESOURCE_ATTRIBUTE.objectPoolReused]: true });
  const unknown = acquisitions.of(own);
  return {
    created(durationS) {
      creations.add(own);
      if (durationS !== undefined) record(RESOURCE_METRIC.objectPoolCreateTime, durationS, own);
    },
    destroyed: () => destructions.add(own),
    acquired(isReused) {
      if (!state.isOn) return;
      meet();
      (isReused === undefined ? unknown : isReused ? again : anew).value++;
      if (makesAnew && isReused === false) creations.add(own);
    },
    waited: (durationS) => record(RESOURCE_METRIC.objectPoolWaitTime, durationS, own),
    timedOut: () => count(RESOURCE_METRIC.objectPoolTimeouts, own),
    used: (durationS) => record(RESOURCE_METRIC.objectPoolUseTime, durationS, own),
  };
}
