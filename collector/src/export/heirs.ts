// What becomes of the total of a counter that ends, or begins anew, while another source goes on under the same labels: it stays in theirs.
// Without that their sum would fall, which Prometheus takes for a new beginning, and so counts what is left once more.
import type { DataPoint, Metric, PointValue } from '../model/data-point.ts';
import { addDelta } from './delta-sum.ts';
import { familyOf, targetLabels } from './families-of.ts';

/** A series that may be one of several under the same labels. */
export interface Inheriting {
  readonly point: DataPoint;
  /** Totals of those that ended. */
  inherited: PointValue | undefined;
}

/** Equal where two metrics have one name and the same labels beside their attributes. */
export function identityOf(metric: Metric): string {
  return JSON.stringify([
    metric.name,
    familyOf(metric).kind,
    metric.unit,
    metric.scope.key,
    targetLabels(metric.resource),
  ]);
}

/** Hands on what one that ends has counted. Levels are not inherited. */
export function inherit(heir: Inheriting, ended: Inheriting): void {
  if (!ended.point.metric.isMonotonic) return;
  const total = totalOf(ended);
  heir.inherited = heir.inherited === undefined ? total : (addDelta(heir.inherited, total) ?? total);
}

/** What a series has counted, with what it inherited. */
export function totalOf({ point, inherited }: Inheriting): PointValue {
  return inherited === undefined ? point.value : (addDelta(inherited, point.value) ?? point.value);
}

/** Whether a counter counts from nothing again: it says so, or it fell. */
export function beganAnew(before: DataPoint, next: DataPoint): boolean {
  if (!next.metric.isMonotonic) return false;
  return next.startMs > before.startMs || countOf(next.value) < countOf(before.value);
}

function countOf(value: PointValue): number {
  return value.type === 'number' ? value.value : value.count;
}
