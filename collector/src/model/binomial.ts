// Exact chances of counts: what order-statistic intervals and comparisons of error ratios rest on.

/** Beyond this many trials the normal approximation is as good as the sum. */
const MOST_EXACT = 4000;

/**
 * Chance that a binomial number is at most `most`.
 *
 * @param trials whole, 0 and above
 * @param share 0..1
 */
export function atMost(most: number, trials: number, share: number): number {
  if (most < 0) return 0;
  if (most >= trials || share <= 0) return 1;
  if (share >= 1) return 0;
  const mean = trials * share;
  const deviation = Math.sqrt(mean * (1 - share));
  // Where either outcome is rare it is the sum that counts, however many trials there are.
  if (trials > MOST_EXACT && Math.min(mean, trials - mean) > 200) return normalBelow((most + 0.5 - mean) / deviation);
  // The shorter side is summed.
  if (most > mean) return 1 - sumTo(trials - most - 1, trials, 1 - share);
  return sumTo(most, trials, share);
}

/** Sums downwards: the terms that count are the last. */
function sumTo(most: number, trials: number, share: number): number {
  if (most < 0) return 0;
  const odds = (1 - share) / share;
  const ways = logFactorial(trials) - logFactorial(most) - logFactorial(trials - most);
  let term = Math.exp(ways + most * Math.log(share) + (trials - most) * Math.log1p(-share));
  let sum = 0;
  for (let k = most; k >= 0 && term > sum * 1e-13; k--) {
    sum += term;
    term *= (k / (trials - k + 1)) * odds;
  }
  return Math.min(1, sum);
}

/** @see Abramowitz and Stegun 1964, 6.1.41; off by less than 1e-12 */
function logFactorial(n: number): number {
  if (n >= 20) {
    const rest = 1 / (12 * n) - 1 / (360 * n ** 3) + 1 / (1260 * n ** 5);
    return n * Math.log(n) - n + Math.log(2 * Math.PI * n) / 2 + rest;
  }
  let product = 1;
  for (let i = 2; i <= n; i++) product *= i;
  return Math.log(product);
}

/** Limits of a share of which `count` of `trials` were seen, each wrong with a chance of `alpha`. @see Clopper and Pearson 1934 */
export function shareLimits(count: number, trials: number, alpha: number): { low: number; high: number } {
  if (trials <= 0) return { low: 0, high: 1 };
  const low = count <= 0 ? 0 : rootOf((share) => 1 - atMost(count - 1, trials, share) - alpha);
  const high = count >= trials ? 1 : rootOf((share) => alpha - atMost(count, trials, share));
  return { low, high };
}

/** Where a rising function of a share passes zero. */
function rootOf(rising: (share: number) => number): number {
  let [low, high] = [0, 1];
  for (let i = 0; i < 50; i++) {
    const middle = (low + high) / 2;
    if (rising(middle) < 0) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * Shares of the calls in order of duration between which a quantile lies; each side is wrong with a chance of `alpha` at most.
 *
 * @returns 0 or 1 where so few calls say nothing of that side
 * @see David and Nagaraja 2003, Order statistics, section 7.1
 */
export function orderLimits(calls: number, quantile: number, alpha: number): { low: number; high: number } {
  const trials = Math.floor(calls);
  // The quantile is above the k-th call unless fewer than k calls are below it.
  const low = largest(trials, (rank) => atMost(rank - 1, trials, quantile) <= alpha);
  const high = largest(trials, (rank) => atMost(rank - 1, trials, 1 - quantile) <= alpha);
  return { low: low === 0 ? 0 : (low - 0.5) / trials, high: high === 0 ? 1 : 1 - (high - 0.5) / trials };
}

/** Largest whole number from 0 to `most` for which something holds that holds for all smaller ones. */
function largest(most: number, holds: (value: number) => boolean): number {
  let [low, high] = [0, most];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (holds(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Chance that a standard normal number is below. @see Abramowitz and Stegun 1964, 7.1.26; off by less than 2e-7 */
export function normalBelow(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const poly = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const above = (poly * Math.exp(-x * x)) / 2;
  return z > 0 ? 1 - above : above;
}

/** Standard deviations that a normal number passes with a chance. @param alpha 1e-6..0.5 */
export function deviationsOf(alpha: number): number {
  let [low, high] = [0, 6];
  for (let i = 0; i < 40; i++) {
    const middle = (low + high) / 2;
    if (1 - normalBelow(middle) > alpha) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
