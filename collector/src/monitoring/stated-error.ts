// The error a user may rely on, of one series: what the errors of 99 in 100 seconds stay within, learned as they pass.

/** Kept of a statement each second it holds: half after 12 minutes, a tenth less after two. */
const KEPT_PER_SECOND = 1 - 1 / 1024;
/** How far beyond the worst that was seen a statement is raised, because what exceeds once is a little exceeded soon. */
const MARGIN = 1.1;

/**
 * Moves a stated error by seconds that were held out: stated before, judged now. A second outside raises it beyond what was
 * seen at once, seconds inside lower it slowly, so that one must be outside every two minutes at most for the statement to
 * stay where it is: fewer than 1 in 100.
 *
 * @param error the worst of these seconds
 * @param seconds how many are judged together, because their errors become known together
 * @returns the new statement
 */
export function restated(stated: number, error: number, seconds: number): number {
  return error > stated ? error * MARGIN : stated * KEPT_PER_SECOND ** seconds;
}
