// `min` and `max`: of readings, or of what histograms measured, where all of them say so.
import type { PointValue } from '../model/data-point.ts';
import { gaugeShape, HISTOGRAMS, numberReading, type Output, READINGS } from './output.ts';

export const min: Output = extreme('min', Math.min);
export const max: Output = extreme('max', Math.max);

function extreme(name: 'min' | 'max', choose: (a: number, b: number) => number): Output {
  return {
    name,
    classes: [...READINGS, ...HISTOGRAMS],
    shape: (_class, { unit }) => gaugeShape(unit),
    tally() {
      let found: number | undefined;
      let isInteger = true;
      let isKnown = true;
      return {
        add({ value }) {
          if (value === undefined || isEmpty(value)) return;
          const own = value.type === 'number' ? value.value : value.type === 'summary' ? undefined : value[name];
          if (own === undefined) isKnown = false;
          else found = found === undefined ? own : choose(found, own);
          isInteger &&= value.type === 'number' && value.isInteger;
        },
        read: () => (found === undefined || !isKnown ? [] : numberReading(found, isInteger)),
      };
    },
  };
}

function isEmpty(value: PointValue): boolean {
  return value.type !== 'number' && value.count === 0;
}
