// What a point of a cumulative stream adds to the one before it. Pure.
import type { NumberValue, PointValue } from './data-point.ts';
import { subtractExponential } from './exponential-merge.ts';
import { subtractHistograms } from './histogram-merge.ts';

/** A point of a stream, as far as the next one needs it. */
export interface StreamPoint {
  /** Unix milliseconds; 0 where nobody said. */
  readonly startMs: number;
  readonly timeMs: number;
  readonly value: PointValue;
}

/**
 * Tells what a stream counted since the point before.
 *
 * A later start or a lower value is a reset, after which the value counts whole. A start that equals the point's own time
 * is OpenTelemetry's mark of an unknown start, and vouches for nothing.
 *
 * @param before undefined for the first point that was seen: it counts whole if its stream began while we watched
 * @param watchedSinceMs Unix milliseconds
 * @returns undefined where nobody can tell
 * @see OpenTelemetry data model, resets and gaps, cumulative streams: handling unknown start time
 */
export function incrementOf(
  point: StreamPoint,
  before: StreamPoint | undefined,
  watchedSinceMs: number,
): PointValue | undefined {
  const knowsStart = point.startMs > 0 && point.startMs < point.timeMs;
  if (before === undefined) return knowsStart && point.startMs >= watchedSinceMs ? point.value : undefined;
  if (knowsStart && beganAfter(point, before)) return point.value;
  return difference(point.value, before.value) ?? point.value;
}

/** Where the earlier start is not known, only one after its point tells another life. */
function beganAfter(point: StreamPoint, before: StreamPoint): boolean {
  return before.startMs > 0 ? point.startMs > before.startMs : point.startMs > before.timeMs;
}

/** What was added; undefined where something went back. */
function difference(value: PointValue, before: PointValue): PointValue | undefined {
  if (value.type === 'number' && before.type === 'number') return grown(value, before);
  if (value.type === 'histogram' && before.type === 'histogram') return subtractHistograms(value, before);
  if (value.type === 'exponential_histogram' && before.type === 'exponential_histogram')
    return subtractExponential(value, before);
  return undefined;
}

function grown(value: NumberValue, before: NumberValue): NumberValue | undefined {
  if (value.value < before.value) return undefined;
  return { type: 'number', value: value.value - before.value, isInteger: value.isInteger && before.isInteger };
}
