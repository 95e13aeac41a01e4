// Every output there is. A new one is a file, a name in rule-config.ts and a line here.
import type { Output } from './output.ts';
import { count } from './output-count.ts';
import { max, min } from './output-extremes.ts';
import { histogram } from './output-histogram.ts';
import { increase } from './output-increase.ts';
import { last } from './output-last.ts';
import { mean } from './output-mean.ts';
import { quantiles } from './output-quantiles.ts';
import { rate } from './output-rate.ts';
import { stddev } from './output-stddev.ts';
import { sum } from './output-sum.ts';
import { uniqueCount } from './output-unique-count.ts';
import type { OutputName } from './rule-config.ts';

export const OUTPUTS: Readonly<Record<OutputName, Output>> = {
  sum,
  increase,
  rate,
  count,
  last,
  min,
  max,
  mean,
  stddev,
  quantiles,
  histogram,
  unique_count: uniqueCount,
};
