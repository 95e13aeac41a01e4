// What a watch looks at in a series.
import type { Figure } from './tails.ts';

/** Readings of which means are taken. */
export const SHORT = 6;
export const LONG = 24;
/** What is looked at, in the order of `figures`. */
export const SIGNS = ['level', 'spike', 'shift', 'drift', 'activity', 'burst', 'season', 'season shift'] as const;
export type Sign = (typeof SIGNS)[number];

/** Tails of spikes and of logarithms of steps are no narrower, so that what is constant may stir a little. */
const LEAST_SPREADS = 0.2;
const LEAST_LOG = 0.1;

/** What each sign looks at, in their order. @param leastChange what is no change at all, in the metric's unit */
export function figures(leastChange: number): Figure[] {
  const value = { isTwoSided: true, leastScale: leastChange };
  const ofLong = { ...value, block: LONG };
  return [
    { ...value, block: 1 },
    { block: 1, isTwoSided: true, leastScale: LEAST_SPREADS },
    { ...value, block: SHORT },
    ofLong,
    { ...ofLong, leastScale: LEAST_LOG },
    { block: SHORT, isTwoSided: false, leastScale: LEAST_LOG },
    { ...value, block: 1 },
    ofLong,
  ];
}
