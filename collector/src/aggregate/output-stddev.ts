// `stddev`: the standard deviation of readings around their mean, over the whole of them and not a sample.
import { gaugeShape, numberReading, type Output, READINGS } from './output.ts';
import { numberOf } from './point-class.ts';

/** @see Welford 1962, Note on a method for calculating corrected sums of squares and products */
export const stddev: Output = {
  name: 'stddev',
  classes: READINGS,
  shape: (_class, { unit }) => gaugeShape(unit),
  tally() {
    let count = 0;
    let mean = 0;
    let squares = 0;
    return {
      add({ value }) {
        const number = numberOf(value)?.value;
        if (number === undefined) return;
        count++;
        const away = number - mean;
        mean += away / count;
        squares += away * (number - mean);
      },
      read: () => (count === 0 ? [] : numberReading(Math.sqrt(squares / count))),
    };
  },
};
