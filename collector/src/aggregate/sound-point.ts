// Numbers that would spoil every sum they come into.
import type { DataPoint } from '../model/data-point.ts';

/** Tells whether a point's number is one that can be added. */
export function isSound({ value, hasNoValue }: DataPoint): boolean {
  return hasNoValue || value.type !== 'number' || Number.isFinite(value.value);
}

/** Leaves out a histogram's sum that is none: one bad measurement spoils it for good, and the counts are as good as before. */
export function withKnownSum(point: DataPoint): DataPoint {
  const { value } = point;
  if (value.type === 'number' || value.type === 'summary') return point;
  return value.sum === undefined || Number.isFinite(value.sum)
    ? point
    : { ...point, value: { ...value, sum: undefined } };
}
