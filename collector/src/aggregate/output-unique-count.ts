// `unique_count`: how many series there are, or how many values an attribute has. An estimate once they are more than 64.
import { attributeOf, valueText } from '../model/attributes.ts';
import { HyperLogLog } from '../model/hyperloglog.ts';
import { ALL_CLASSES, numberReading, type Output } from './output.ts';

/** 4 KiB a window at most; standard error 1.6 %. */
const PRECISION = 12;

export const uniqueCount: Output = {
  name: 'unique_count',
  classes: ALL_CLASSES,
  shape: () => ({ kind: 'gauge', isMonotonic: false, unit: '{value}', says: 'total' }),
  tally(_class, { uniqueCountOf }) {
    const seen = new HyperLogLog(PRECISION);
    return {
      add({ point, contributor }) {
        if (point.hasNoValue) return;
        if (uniqueCountOf === undefined) return seen.add(contributor.key);
        const { attributes, metric } = point;
        const value = attributeOf(attributes, uniqueCountOf) ?? attributeOf(metric.resource.attributes, uniqueCountOf);
        if (value !== undefined) seen.add(valueText(value));
      },
      read: () => numberReading(Math.round(seen.estimate()), true),
    };
  },
};
