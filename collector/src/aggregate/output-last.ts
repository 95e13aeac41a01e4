// `last`: the latest reading of all streams of the group; of those of one time, that of the stream that came later.
import type { NumberValue } from '../model/data-point.ts';
import { gaugeShape, type Output, READINGS } from './output.ts';
import { numberOf } from './point-class.ts';

export const last: Output = {
  name: 'last',
  classes: READINGS,
  shape(pointClass, { unit }) {
    return pointClass === 'gauge' ? gaugeShape(unit) : { kind: 'sum', isMonotonic: false, unit, says: 'total' };
  },
  tally() {
    let latest: NumberValue | undefined;
    let latestMs = -Infinity;
    return {
      add({ value, point }) {
        const number = numberOf(value);
        if (number === undefined || point.timeMs < latestMs) return;
        latest = number;
        latestMs = point.timeMs;
      },
      read: () => (latest === undefined ? [] : [{ value: latest }]),
    };
  },
};
