// `rate`: how much counters grew, or how much histograms measured, a second.
import { HISTOGRAMS, numberReading, type Output } from './output.ts';

const MS_PER_SECOND = 1000;

export const rate: Output = {
  name: 'rate',
  classes: ['counter', ...HISTOGRAMS],
  shape(pointClass, { unit }) {
    const counted = pointClass === 'counter' ? unit : '{measurement}';
    return { kind: 'gauge', isMonotonic: false, unit: `${counted === '' ? '1' : counted}/s`, says: 'total' };
  },
  tally() {
    let total = 0;
    return {
      add({ value }) {
        if (value !== undefined) total += value.type === 'number' ? value.value : value.count;
      },
      read: ({ windowMs }) => numberReading(total / (windowMs / MS_PER_SECOND)),
    };
  },
};
