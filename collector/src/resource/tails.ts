// How seldom a value is: keeps the greatest values of each figure of a series and tells how far beyond them a new one lies.
// It knows nothing of what figures mean.

/** A figure whose tails are kept. */
export interface Figure {
  /** Readings from which only the greatest value is learned, where neighbours share readings. */
  readonly block: number;
  /** Whether values that are too small are told, too. */
  readonly isTwoSided: boolean;
  /** Scale of a tail at least, in the figure's unit: less than that is no difference. */
  readonly leastScale: number;
}

/** How seldom a value is, and on which side. */
export interface Rarity {
  /** -ln of the probability of a value so far out; 0 where it is not beyond the kept ones. */
  readonly nats: number;
  readonly direction: 'up' | 'down';
}

/** Greatest values kept of a generation; a tail is fitted to no more. */
const KEPT = 32;
/** A generation in readings: what is older than two is forgotten, so a lasting change becomes normal. */
const GENERATION = 4000;
/** Blocks that a generation holds at least. */
const LEAST_GENERATION = 200;
/** Before so many values are known, nothing is seldom. Blocks are independent of each other, so fewer suffice. */
const LEAST_READINGS = 60;
const LEAST_BLOCKS = 25;
/** A tail is at most this share of what is known, but never fewer values. */
const TAIL_RATIO = 0.1;
const LEAST_TAIL = 8;
/** Shape of the heaviest tail that is believed; above 0.5 a distribution has no variance, and moments fit nothing. */
const HEAVIEST = 0.4;
/** Differences below this share of a value are no differences: it is the scale of tails that have none. */
const LEAST_RELATIVE = 0.003;
/** The scale where all kept values are the same: one percent further out is one nat. */
const CONSTANT_RELATIVE = 0.01;
/** No extrapolation is believed beyond it. */
const MOST_NATS = 40;

/** After the kept values of two generations, in each tail's part of the table. */
const [NOW_LENGTH, NOW_COUNT, PAST_LENGTH, PAST_COUNT, BLOCK_MOST, BLOCK_FILL] = [0, 1, 2, 3, 4, 5].map(
  (i) => 2 * KEPT + i,
) as [number, number, number, number, number, number];
const WIDTH = 2 * KEPT + 6;
const NOTHING: Rarity = { nats: 0, direction: 'up' };
/** Kept values of both generations, greatest first; used within one call only. */
const merged = new Float64Array(KEPT);

/**
 * Tails of some figures of one series; 280 bytes a tail.
 *
 * Beyond a threshold with k of n values above it, excesses follow a generalized Pareto distribution; it is fitted by
 * moments, its shape held to 0..0.4.
 * @see Hosking and Wallis 1987, section 3; Siffer et al. 2017, SPOT
 */
export class ResourceTails {
  readonly #figures: readonly Figure[];
  /** Two tails a figure, upper first. */
  readonly #table: Float32Array;

  constructor(figures: readonly Figure[]) {
    this.#figures = figures;
    this.#table = new Float32Array(2 * figures.length * WIDTH);
    for (let tail = 0; tail < 2 * figures.length; tail++) this.#table[tail * WIDTH + BLOCK_MOST] = -Infinity;
  }

  /** All that is learned; to be kept and filled anew, not to be changed otherwise. */
  get state(): Float32Array {
    return this.#table;
  }

  /** Says how seldom a value is by what was learned before it, then learns it. */
  take(figure: number, value: number): Rarity {
    const { block, isTwoSided, leastScale } = this.#figures[figure] ?? { block: 1, isTwoSided: false, leastScale: 0 };
    const [upper, lower] = [2 * figure * WIDTH, (2 * figure + 1) * WIDTH];
    const up = this.#nats(upper, value, block, leastScale);
    this.#learn(upper, value, block);
    if (!isTwoSided) return up > 0 ? { nats: up, direction: 'up' } : NOTHING;
    const down = this.#nats(lower, -value, block, leastScale);
    this.#learn(lower, -value, block);
    if (up === 0 && down === 0) return NOTHING;
    return up >= down ? { nats: up, direction: 'up' } : { nats: down, direction: 'down' };
  }

  #nats(at: number, value: number, block: number, leastScale: number): number {
    const table = this.#table;
    const [now, past] = [table[at + NOW_LENGTH] ?? 0, table[at + PAST_LENGTH] ?? 0];
    const count = (table[at + NOW_COUNT] ?? 0) + (table[at + PAST_COUNT] ?? 0);
    if (count < (block > 1 ? LEAST_BLOCKS : LEAST_READINGS)) return 0;
    const k = Math.min(KEPT, now + past, Math.max(LEAST_TAIL, Math.floor(count * TAIL_RATIO)));
    // The threshold is no lower than either generation's own; most values end here.
    if (now >= k && value <= (table[at + k - 1] ?? 0)) return 0;
    if (past >= k && value <= (table[at + KEPT + k - 1] ?? 0)) return 0;
    for (let i = 0, a = 0, b = 0; i < k; i++) {
      const fromNow = b >= past || (a < now && (table[at + a] ?? 0) >= (table[at + KEPT + b] ?? 0));
      merged[i] = fromNow ? (table[at + a++] ?? 0) : (table[at + KEPT + b++] ?? 0);
    }
    const threshold = merged[k - 1] ?? 0;
    if (value <= threshold) return 0;
    const fitted = Math.log(count / k) + natsBeyond(value - threshold, threshold, k, leastScale);
    // Among the kept values the rank is the truth, whatever the fit says: what has come before may come again.
    let rank = 0;
    while (rank < k && value <= (merged[rank] ?? 0)) rank++;
    return Math.min(MOST_NATS, fitted, rank === 0 ? MOST_NATS : Math.log(count / rank));
  }

  #learn(at: number, value: number, block: number): void {
    const table = this.#table;
    table[at + BLOCK_MOST] = Math.max(table[at + BLOCK_MOST] ?? 0, value);
    table[at + BLOCK_FILL] = (table[at + BLOCK_FILL] ?? 0) + 1;
    if ((table[at + BLOCK_FILL] ?? 0) < block) return;
    this.#keep(at, table[at + BLOCK_MOST] ?? 0);
    table[at + BLOCK_MOST] = -Infinity;
    table[at + BLOCK_FILL] = 0;
    table[at + NOW_COUNT] = (table[at + NOW_COUNT] ?? 0) + 1;
    if ((table[at + NOW_COUNT] ?? 0) < Math.max(LEAST_GENERATION, Math.round(GENERATION / block))) return;
    table.copyWithin(at + KEPT, at, at + KEPT);
    table[at + PAST_LENGTH] = table[at + NOW_LENGTH] ?? 0;
    table[at + PAST_COUNT] = table[at + NOW_COUNT] ?? 0;
    table[at + NOW_LENGTH] = 0;
    table[at + NOW_COUNT] = 0;
  }

  /** Puts a value into its place among the greatest. */
  #keep(at: number, value: number): void {
    const table = this.#table;
    const length = table[at + NOW_LENGTH] ?? 0;
    if (length === KEPT && value <= (table[at + KEPT - 1] ?? 0)) return;
    let i = Math.min(length, KEPT - 1);
    for (; i > 0 && (table[at + i - 1] ?? 0) < value; i--) table[at + i] = table[at + i - 1] ?? 0;
    table[at + i] = value;
    table[at + NOW_LENGTH] = Math.min(KEPT, length + 1);
  }
}

/** -ln of the chance that an excess over the threshold is so great, by the k merged values. */
function natsBeyond(excess: number, threshold: number, k: number, leastScale: number): number {
  let [mean, squares] = [0, 0];
  for (let i = 0; i < k - 1; i++) mean += (merged[i] ?? 0) - threshold;
  mean /= k - 1;
  for (let i = 0; i < k - 1; i++) squares += ((merged[i] ?? 0) - threshold - mean) ** 2;
  const variance = squares / Math.max(1, k - 2);
  const size = Math.abs(threshold);
  if (mean <= 0) mean = CONSTANT_RELATIVE * size + Number.EPSILON;
  mean = Math.max(mean, LEAST_RELATIVE * size, leastScale);
  const shape = variance > 0 ? Math.max(0, Math.min(HEAVIEST, 0.5 * (1 - mean ** 2 / variance))) : 0;
  const distance = excess / (mean * (1 - shape));
  return shape < 1e-3 ? distance : Math.log1p(shape * distance) / shape;
}
