// Whether more calls fail than before: an exact test of two counts, given their sum.
import { atMost, shareLimits } from '../model/binomial.ts';
import type { Ratio } from './contract.ts';
import { callsOf, type Figures } from './figures.ts';

export interface ErrorComparison {
  readonly baselineRatio: number;
  readonly runRatio: number;
  /** Of the ratios; the upper limit is infinite where the baseline has no errors. */
  readonly ratio: Ratio;
  readonly moved: 'same' | 'more';
}

/** What is within normal: a third more, and two in a thousand. */
const WITHIN_FACTOR = 1.3;
const WITHIN_PART = 0.002;
const SIDE = 0.025;

/** @see Przyborowski and Wilenski 1940, Homogeneity of results in testing samples from Poisson series */
export function compareErrors(baseline: Figures, run: Figures, alpha: number): ErrorComparison {
  const [callsBefore, callsNow] = [callsOf(baseline), callsOf(run)];
  // Errors that come together count as one.
  const before = baseline.errors / baseline.clusters.errors;
  const now = run.errors / run.clusters.errors;
  const beyond = now - (WITHIN_PART * callsNow) / run.clusters.errors;
  const effective = { before: callsBefore / baseline.clusters.errors, now: callsNow / run.clusters.errors };
  const isMore =
    beyond > 0 &&
    1 - atMost(Math.floor(beyond) - 1, Math.floor(beyond) + Math.ceil(before), shareOf(effective, WITHIN_FACTOR)) <
      alpha;
  return {
    baselineRatio: baseline.errors / callsBefore,
    runRatio: run.errors / callsNow,
    ratio: ratioOf(Math.round(before), Math.round(now), effective),
    moved: isMore ? 'more' : 'same',
  };
}

/** The run's share of all errors, were its ratio `factor` times that before. */
function shareOf({ before, now }: { readonly before: number; readonly now: number }, factor: number): number {
  return (factor * now) / (factor * now + before);
}

function ratioOf(before: number, now: number, calls: { readonly before: number; readonly now: number }): Ratio {
  const from = (share: number): number => (share / (1 - share)) * (calls.before / calls.now);
  const { low, high } = shareLimits(now, before + now, SIDE);
  const value = before + now === 0 ? 1 : from(now / (before + now));
  return { value, low: from(low), high: high >= 1 ? Infinity : from(high) };
}
