// Holds a figure against what it must reach.
import type { Figure } from './figure.ts';

/** The better side of a bound; the bound itself is good enough. */
export type Limit = { readonly atLeast: number } | { readonly atMost: number };

/** Adds bound and verdict; without a limit the figure only informs. A value that is no number does not hold. */
export function bounded(figure: Figure, limit: Limit | undefined): Figure {
  if (limit === undefined) return figure;
  if ('atLeast' in limit) {
    const { atLeast: bound } = limit;
    return { ...figure, bound, boundIs: '≥', holds: figure.value >= bound };
  }
  const { atMost: bound } = limit;
  return { ...figure, bound, boundIs: '≤', holds: figure.value <= bound };
}
