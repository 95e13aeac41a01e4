// How durations of an operation are spread: mixtures over the logarithm of milliseconds, drawn from and as a density.
import type { Random } from '../../tests/support/random.ts';

/** A lognormal part; with a tail its logarithm gains an exponential share, which makes it fall as a power of duration. */
export interface Component {
  readonly weight: number;
  /** Logarithm of milliseconds. */
  readonly mu: number;
  readonly sigma: number;
  /** Mean of the exponential share; the power is its inverse. 0 for none. */
  readonly tail: number;
}

/** Weights add up to 1. Of a cache the first component is a hit, the second a miss. */
export interface Shape {
  readonly components: readonly Component[];
  readonly isCache: boolean;
}

/** What is done to durations. */
export interface Change {
  readonly scale: number;
  /** The share of calls that are scaled. */
  readonly share: number;
  /** The share of misses, of a cache. */
  readonly missRatio: number | undefined;
}

export const LOG_STEP = 0.02;
const LOG_FROM = Math.log(1e-3);
const CELLS = Math.round((Math.log(1e9) - LOG_FROM) / LOG_STEP);

/** The shape after a change, as a shape again. */
export function changed(shape: Shape, { scale, share, missRatio }: Change): Shape {
  const weighted =
    missRatio === undefined
      ? shape.components
      : shape.components.map((part, i) => ({ ...part, weight: i === 0 ? 1 - missRatio : missRatio }));
  const scaled = (weight: number, by: number): Component[] =>
    weighted.map((part) => ({ ...part, weight: part.weight * weight, mu: part.mu + Math.log(by) }));
  const components = share === 1 ? scaled(1, scale) : [...scaled(1 - share, 1), ...scaled(share, scale)];
  return { ...shape, components };
}

/** Probabilities of cells of `LOG_STEP` from 1 us to 11 days, of what `quantile` and `guardedDivergence` take. */
export function cellsOf(shape: Shape): Float64Array {
  const cells = new Float64Array(CELLS);
  for (const { weight, mu, sigma, tail } of shape.components) {
    const keep = tail === 0 ? 0 : Math.exp(-LOG_STEP / tail);
    let carried = 0;
    for (let i = 0; i < CELLS; i++) {
      const z = (LOG_FROM + (i + 0.5) * LOG_STEP - mu) / sigma;
      const own = (LOG_STEP / (sigma * Math.sqrt(2 * Math.PI))) * Math.exp((-z * z) / 2);
      carried = keep * carried + (1 - keep) * own;
      cells[i] = (cells[i] ?? 0) + weight * carried;
    }
  }
  return cells;
}

/** The duration below which a share of calls stays, in milliseconds. */
export function quantile(cells: Float64Array, ratio: number): number {
  let sum = 0;
  for (let i = 0; i < cells.length; i++) {
    const cell = cells[i] ?? 0;
    if (sum + cell >= ratio) return Math.exp(LOG_FROM + (i + (ratio - sum) / cell) * LOG_STEP);
    sum += cell;
  }
  return Infinity;
}

/** Geometric mean, in milliseconds. */
export function geometricMean({ components }: Shape): number {
  return Math.exp(components.reduce((sum, { weight, mu, tail }) => sum + weight * (mu + tail), 0));
}

/** Arithmetic mean, in milliseconds; infinite where a tail has none. */
export function arithmeticMean({ components }: Shape): number {
  return components.reduce(
    (sum, { weight, mu, sigma, tail }) =>
      sum + (tail >= 1 ? Infinity : (weight * Math.exp(mu + sigma ** 2 / 2)) / (1 - tail)),
    0,
  );
}

/**
 * Information a call carries against the best of all harmless explanations, in nats: the least divergence of a density
 * from another one scaled by anything from 1/guard to guard.
 */
export function guardedDivergence(altered: Float64Array, baseline: Float64Array, guard: number): number {
  const most = Math.log(guard) / LOG_STEP;
  const whole = Math.floor(most);
  let least = Infinity;
  for (let shift = -whole; shift <= whole; shift++) least = Math.min(least, divergence(altered, baseline, shift));
  // The guard seldom is a whole number of cells.
  for (const side of [-1, 1]) {
    const inner = divergence(altered, baseline, side * whole);
    least = Math.min(least, inner + (most - whole) * (divergence(altered, baseline, side * (whole + 1)) - inner));
  }
  return Math.max(0, least);
}

/** No density is trusted below this: what cannot happen would carry infinite information. */
const FLOOR = 1e-12;

function divergence(altered: Float64Array, baseline: Float64Array, shift: number): number {
  let sum = 0;
  for (let i = 0; i < altered.length; i++) {
    const p = altered[i] ?? 0;
    if (p > FLOOR) sum += p * Math.log(p / Math.max(FLOOR, baseline[i - shift] ?? 0));
  }
  return sum;
}

/** Draws the logarithm of a duration in milliseconds. */
export function draw({ components }: Shape, missRatio: number | undefined, random: Random): number {
  let left = random();
  let part = components[0];
  if (missRatio !== undefined) part = components[left < missRatio ? 1 : 0];
  else
    for (const each of components) {
      part = each;
      left -= each.weight;
      if (left < 0) break;
    }
  if (part === undefined) return 0;
  const { mu, sigma, tail } = part;
  return mu + sigma * normal(random) + (tail === 0 ? 0 : -tail * Math.log(1 - random()));
}

/** A standard normal number. @see Box and Muller 1958 */
export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
