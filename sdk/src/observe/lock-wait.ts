// How long queries waited for locks. Databases tell it in many ways, so a program tells it here.
import { type Attributes, type Context, context, type Span, trace } from '@opentelemetry/api';
import { LowLimits, lowCardinality } from './attributes.ts';
import { instruments } from './instruments.ts';
import { known } from './results.ts';
import { DB_ATTRIBUTE, DB_METRIC } from '../names.ts';
import { state } from '../state.ts';

/** What was waited for. */
export interface LockWait {
  /** Value of `db.system.name`. */
  readonly system: string;
  readonly namespace?: string;
  readonly collection?: string;
}

const MAX_VALUES = 100;
const KEPT = [DB_ATTRIBUTE.dbSystem, DB_ATTRIBUTE.dbNamespace, DB_ATTRIBUTE.dbCollection];
const limits = new LowLimits();

/**
 * Records that the program waited for a lock of a database: `db.client.lock.wait_time`, and an attribute of the span that
 * is active. It never throws.
 *
 * @param waitedMs 0 and more; anything else is not recorded
 */
export function recordLockWait(waitedMs: number, wait: LockWait): void {
  if (!state.isOn) return;
  try {
    countLockWait(trace.getActiveSpan(), waitedMs, attributesOf(wait), context.active());
  } catch {
    // What describes the wait cannot be read.
  }
}

function attributesOf({ system, namespace, collection }: LockWait): Attributes {
  return limits.plain({
    [DB_ATTRIBUTE.dbSystem]: lowCardinality(system, MAX_VALUES),
    [DB_ATTRIBUTE.dbNamespace]: namespace === undefined ? undefined : lowCardinality(namespace, MAX_VALUES),
    [DB_ATTRIBUTE.dbCollection]: collection === undefined ? undefined : lowCardinality(collection, MAX_VALUES),
  });
}

/** Records a wait on a span and in the metric. @param attributes of which those of the database are taken */
export function countLockWait(
  span: Span | undefined,
  waitedMs: unknown,
  attributes: Attributes,
  active: Context,
): void {
  if (typeof waitedMs !== 'number' || !Number.isFinite(waitedMs) || waitedMs < 0) return;
  const waitedS = waitedMs / 1000;
  span?.setAttribute(DB_ATTRIBUTE.dbLockWait, waitedS);
  const kept = known(Object.fromEntries(KEPT.map((key) => [key, attributes[key]])));
  instruments()?.get(DB_METRIC.dbLockWait).record(waitedS, kept, active);
}
