// The error a user may rely on, of one series: a running 99th percentile of the errors that seconds turned out to have.

/** Share of seconds that may be further off than stated. */
export const MISS_RATIO = 0.01;
/** A miss takes the statement this share of the possible error further. Smaller is calmer, and takes longer to learn. */
const STEP_RATIO = 1 / 4;

/**
 * Moves a stated error by one second that was held out: stated before, judged now. A miss raises it by much, a hit lowers
 * it by little, in the ratio at which 1 % of misses is in balance. Whatever the errors are, the share of misses in n seconds
 * is at most 1 % + 5 / n, because each miss needs 99 hits to come down again and the ceiling is never missed.
 *
 * @param ceiling what the error cannot, or did not yet, exceed; the statement stays below
 * @returns the new statement, 0..ceiling
 * @see Gibbs and Candès 2021, Adaptive Conformal Inference Under Distribution Shift
 */
export function restated(stated: number, error: number, ceiling: number): number {
  const step = ceiling * STEP_RATIO;
  const moved = error > stated ? stated + step * (1 - MISS_RATIO) : stated - step * MISS_RATIO;
  return Math.min(ceiling, Math.max(0, moved));
}
