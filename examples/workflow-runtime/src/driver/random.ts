// Seeded random numbers, so that a driver's requests can be repeated.

/** Numbers from 0 (inclusive) to 1 (exclusive). */
export type Random = () => number;

/** Makes a generator; equal seeds give equal numbers. @see Tommy Ettinger, mulberry32 (public domain) */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Picks one of a non-empty list, all equally likely. */
export function pick<T>(random: Random, list: readonly T[]): T {
  return list[Math.floor(random() * list.length)];
}
