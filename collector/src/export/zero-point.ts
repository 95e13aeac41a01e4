// The point at 0 that stands before the first one of a counter: what `increase()` starts from.
import type { DataPoint, PointValue } from '../model/data-point.ts';

/** Receivers refuse what is much older than what they have; a counter that began long ago stood at 0 lately too. */
const AT_MOST_BEFORE_MS = 60_000;

/** The same series at 0, at the moment it began or shortly before the point. */
export function zeroOf(point: DataPoint): DataPoint {
  const { startMs, timeMs } = point;
  const zeroMs = Math.min(Math.max(startMs, timeMs - AT_MOST_BEFORE_MS), timeMs - 1);
  return { ...point, startMs: Math.min(startMs, zeroMs), timeMs: zeroMs, value: emptyOf(point.value), exemplars: [] };
}

/** A value of the same shape that has counted nothing. */
export function emptyOf<Value extends PointValue>(value: Value): Value {
  return empty(value) as Value;
}

function empty(value: PointValue): PointValue {
  const nothing = { count: 0, min: undefined, max: undefined };
  switch (value.type) {
    case 'number':
      return { ...value, value: 0 };
    case 'histogram':
      return { ...value, ...nothing, sum: value.sum === undefined ? undefined : 0, counts: value.counts.map(() => 0) };
    case 'exponential_histogram': {
      const none = { offset: 0, counts: [] };
      const sum = value.sum === undefined ? undefined : 0;
      return { ...value, ...nothing, sum, zeroCount: 0, positive: none, negative: none };
    }
    case 'summary':
      return { ...value, count: 0, sum: 0, quantiles: [] };
  }
}
