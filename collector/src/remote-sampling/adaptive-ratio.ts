// The ratio at which an operation leaves about so many traces a second as are wanted. Pure: one call a round and operation.

/** Rounds that a rate is remembered for: few enough to follow, so many that ratios which take effect late do not swing. */
const MEMORY_ROUNDS = 6;
/** From fewer sampled traces a rate is mostly chance, so the memory lasts for at least as many. */
const ENOUGH_TRACES = 10;
/** A ratio changes at most by this factor a round, up or down: one odd round must neither flood nor blind. */
export const MAX_STEP = 4;
/**
 * An estimated rate grows at most by this factor a round, unless more was seen. A program that has just started, or has
 * not asked yet, samples at another ratio than we think, and each of its traces would stand for far too many.
 */
const MAX_GROWTH = 1.5;

/** What is wanted of one operation. */
export interface RatioTarget {
  readonly tracesPerSecond: number;
  /** Above 0. */
  readonly minRatio: number;
}

/** Calls of one operation in one round. */
export interface RoundCalls {
  /** Estimated from the sampled ones, each of which stands for 1 / ratio. */
  readonly estimated: number;
  /** At least so many there were, because they were seen. */
  readonly seen: number;
}

/** What was seen of one operation, older rounds counting less. */
export interface RateMemory {
  readonly calls: number;
  readonly seconds: number;
}

export const NOTHING_SEEN: RateMemory = { calls: 0, seconds: 0 };

/** Adds one round of so many seconds to what was seen. */
export function remember(memory: RateMemory, round: RoundCalls, seconds: number, target: RatioTarget): RateMemory {
  const memorySeconds = Math.max(MEMORY_ROUNDS * seconds, ENOUGH_TRACES / target.tracesPerSecond);
  const kept = Math.exp(-seconds / memorySeconds);
  // Seconds fade with the calls, so that the first rounds count in full and nothing is taken for a silence before them.
  const allSeconds = memory.seconds * kept + seconds;
  const before = memory.calls * kept;
  const rate = memory.calls > 0 ? memory.calls / memory.seconds : 0;
  const most = MAX_GROWTH * Math.max(rate, target.tracesPerSecond) * allSeconds;
  const calls = Math.min(before + round.estimated, Math.max(most, before + round.seen));
  return { calls, seconds: allSeconds };
}

/**
 * Finds the next ratio: what is wanted over what there is, bounded by `minRatio` and 1, one step at most.
 *
 * After a silence the remembered rate fades, so the ratio rises by itself; while calls are rare it stays at 1.
 */
export function nextRatio(ratio: number, { calls, seconds }: RateMemory, target: RatioTarget): number {
  // Without a call any ratio is low enough.
  const wanted = calls > 0 ? (target.tracesPerSecond * seconds) / calls : 1;
  const near = Math.min(Math.max(wanted, ratio / MAX_STEP), ratio * MAX_STEP);
  return Math.min(Math.max(near, target.minRatio), 1);
}
