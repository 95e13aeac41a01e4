// `mean`: of readings, each point counting alike, or of what histograms measured.
import { gaugeShape, HISTOGRAMS, numberReading, type Output, READINGS } from './output.ts';

export const mean: Output = {
  name: 'mean',
  classes: [...READINGS, ...HISTOGRAMS],
  shape: (_class, { unit }) => gaugeShape(unit),
  tally() {
    let total = 0;
    let count = 0;
    return {
      add({ value }) {
        if (value === undefined) return;
        // Where one does not know its sum, the mean is not known: NaN stays.
        total += value.type === 'number' ? value.value : (value.sum ?? NaN);
        count += value.type === 'number' ? 1 : value.count;
      },
      read: () => (count === 0 || Number.isNaN(total) ? [] : numberReading(total / count)),
    };
  },
};
