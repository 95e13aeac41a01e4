// `increase`: how much counters grew.
import type { Output } from './output.ts';
import { sumOfAll } from './output-sum.ts';

export const increase: Output = {
  name: 'increase',
  classes: ['counter'],
  shape: (_class, { unit }) => ({ kind: 'sum', isMonotonic: true, unit, says: 'window' }),
  tally: sumOfAll,
};
