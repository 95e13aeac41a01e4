// `quantiles`: of readings, and of what histograms measured. Readings are kept as an exponential histogram: of 160
// buckets: with values within a power of ten the error is at most 2.2 %, within six of them 9.1 %.
import { exponentialQuantile } from '../model/exponential-merge.ts';
import { histogramQuantile } from '../model/histogram-merge.ts';
import { gaugeShape, HISTOGRAMS, type Output, READINGS } from './output.ts';
import { mergedTally } from './output-histogram.ts';

/** Not `quantile`, which belongs to summaries on a Prometheus page. */
const ATTRIBUTE = 'aggregate.quantile';

export const quantiles: Output = {
  name: 'quantiles',
  classes: [...READINGS, ...HISTOGRAMS],
  shape: (_class, { unit }) => gaugeShape(unit),
  tally: (_class, options) =>
    mergedTally((merged) => {
      if (merged === undefined) return [];
      return options.quantiles.flatMap((q) => {
        const value = merged.type === 'histogram' ? histogramQuantile(merged, q) : exponentialQuantile(merged, q);
        if (value === undefined) return [];
        return [{ value: { type: 'number', value, isInteger: false }, attribute: [ATTRIBUTE, String(q)] }];
      });
    }),
};
