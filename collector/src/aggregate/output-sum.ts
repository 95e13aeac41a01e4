// `sum`: of what was added, of what was measured in histograms, or of the last values of streams that have a value.
import { numberOf, type PointClass } from './point-class.ts';
import {
  ALL_CLASSES,
  type Contribution,
  type Contributor,
  numberReading,
  type Output,
  READINGS,
  type Tally,
} from './output.ts';

export const sum: Output = {
  name: 'sum',
  classes: ALL_CLASSES,
  needsContributors: isOfLast,
  shape(pointClass, { unit }) {
    if (pointClass === 'gauge') return { kind: 'gauge', isMonotonic: false, unit, says: 'total' };
    if (pointClass === 'up_down') return { kind: 'sum', isMonotonic: false, unit, says: 'total' };
    // Measurements of a histogram may be negative, so that their sum may fall; where it cannot, histograms say so themselves.
    return { kind: 'sum', isMonotonic: pointClass === 'counter', unit, says: 'window' };
  },
  tally: (pointClass) => (isOfLast(pointClass) ? sumOfLast() : sumOfAll()),
};

function isOfLast(pointClass: PointClass): boolean {
  return READINGS.includes(pointClass);
}

/** Adds up what every point added; 0 where points only told where their stream stands. */
export function sumOfAll(): Tally {
  let total = 0;
  let isInteger = true;
  let isKnown = true;
  return {
    add({ value }) {
      if (value === undefined) return;
      if (value.type === 'number') {
        total += value.value;
        isInteger &&= value.isInteger;
      } else {
        isInteger = false;
        if (value.sum === undefined) isKnown = false;
        else total += value.sum;
      }
    },
    read: () => (isKnown ? numberReading(total, isInteger) : []),
  };
}

/** A stream that is silent in the window counts with the value it had before, until it ends or is stale. */
function sumOfLast(): Tally {
  const latest = new Map<Contributor, Contribution>();
  return {
    add: (contribution) => latest.set(contribution.contributor, contribution),
    read({ contributors, endMs, staleAfterMs }) {
      let total = 0;
      let isInteger = true;
      let count = 0;
      for (const each of contributors) {
        const last = latest.get(each);
        const number = numberOf(last?.value);
        if (last !== undefined)
          each.carried = number === undefined ? undefined : { ...number, timeMs: last.point.timeMs };
        const { carried } = each;
        if (carried === undefined || carried.timeMs <= endMs - staleAfterMs) continue;
        total += carried.value;
        isInteger &&= carried.isInteger;
        count++;
      }
      return count === 0 ? [] : numberReading(total, isInteger);
    },
  };
}
