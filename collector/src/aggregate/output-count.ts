// `count`: points of gauges and sums, measurements of histograms.
import { ALL_CLASSES, HISTOGRAMS, numberReading, type Output } from './output.ts';

export const count: Output = {
  name: 'count',
  classes: ALL_CLASSES,
  shape(pointClass) {
    const unit = HISTOGRAMS.includes(pointClass) ? '{measurement}' : '{point}';
    return { kind: 'sum', isMonotonic: true, unit, says: 'window' };
  },
  tally(pointClass) {
    const countsPoints = !HISTOGRAMS.includes(pointClass);
    let total = 0;
    return {
      add({ value, point }) {
        if (countsPoints) total += point.hasNoValue ? 0 : 1;
        else if (value !== undefined && value.type !== 'number') total += value.count;
      },
      read: () => numberReading(total, true),
    };
  },
};
