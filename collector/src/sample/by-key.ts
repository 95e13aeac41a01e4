// Dynamic sampling: traces share a budget by key, rare keys whole, frequent ones down to an equal rate.
// What a key is kept at was learned from windows that were over before, so it says nothing of the trace it is used on.
import { DIGITS, type Half56, KEEP_ALL, thresholdOf } from '../otlp/trace-state.ts';
import { MAX_KEYS, OVERFLOW_KEY } from './key-limit.ts';
import type { Policy, PolicyContext } from './sampler.ts';
import type { KeyPart } from './trace-key.ts';

export interface ByKeyConfig {
  readonly name: string;
  readonly key: readonly KeyPart[];
  readonly traces_per_second: number;
  readonly method: 'ema' | 'window';
  /** Milliseconds. */
  readonly adjust_every: number;
  readonly weight: number;
  readonly windows: number;
}

/** Keeps about `traces_per_second`, shared by keys. */
export function byKey(config: ByKeyConfig, { keys }: PolicyContext): Policy {
  const key = keys.of(config.key);
  const shares = new KeyShares(config);
  return {
    name: config.name,
    class: 'rest',
    evaluate: (facts) => shares.thresholdOf(key.of(facts), facts.nowMs),
    observe(facts, { drops }) {
      if (!drops) shares.add(key.of(facts), facts.nowMs);
    },
    overflowed: () => shares.overflowed,
  };
}

/** A window ends early once this many times its budget was let through: a burst of keys or of one key. */
const EARLY_AT = 2;
/** But not before, because rates of shorter times are noise. */
const SHORTEST_MS = 1000;
/** A key is forgotten when so few of its traces are expected in a window; unseen keys are kept whole, as it is. */
const FORGOTTEN_BELOW = 0.01;

interface KeyEntry {
  /** Traces in the window at hand. */
  count: number;
  /** Counts of earlier windows, newest last, for the windowed mean. */
  readonly past: number[];
  /** Traces a second by earlier windows; -1 before the first. */
  rate: number;
  ratio: number;
  threshold: Half56 | undefined;
}

class KeyShares {
  overflowed = 0;
  readonly #config: ByKeyConfig;
  readonly #entries = new Map<string, KeyEntry>();
  /** Lengths of earlier windows in seconds, newest last. */
  readonly #pastSeconds: number[] = [];
  #startMs = -1;
  /** Traces expected to be kept in the window at hand. */
  #expected = 0;

  constructor(config: ByKeyConfig) {
    this.#config = config;
  }

  thresholdOf(key: string, nowMs: number): Half56 {
    this.#turn(nowMs);
    const entry = this.#entries.get(key) ?? (this.#isFull ? this.#entries.get(OVERFLOW_KEY) : undefined);
    if (entry === undefined || entry.ratio === 1) return KEEP_ALL;
    return (entry.threshold ??= thresholdOf(entry.ratio, DIGITS));
  }

  add(key: string, nowMs: number): void {
    this.#turn(nowMs);
    let entry = this.#entries.get(key);
    if (entry === undefined && this.#isFull) {
      this.overflowed++;
      key = OVERFLOW_KEY;
      entry = this.#entries.get(key);
    }
    if (entry === undefined) {
      entry = { count: 0, past: [], rate: -1, ratio: 1, threshold: undefined };
      this.#entries.set(key, entry);
    }
    entry.count++;
    this.#expected += entry.ratio;
  }

  /** The entry of all that find no room has one of its own. */
  get #isFull(): boolean {
    return this.#entries.size >= MAX_KEYS;
  }

  /** Ends the window where it is over, and shares the budget anew. */
  #turn(nowMs: number): void {
    if (this.#startMs < 0) this.#startMs = nowMs;
    const { adjust_every: lengthMs, traces_per_second: budget } = this.#config;
    const elapsedMs = nowMs - this.#startMs;
    const isSpent = this.#expected > (EARLY_AT * budget * lengthMs) / 1000;
    if (elapsedMs < (isSpent ? SHORTEST_MS : lengthMs)) return;
    this.#learn(elapsedMs);
    this.#share(budget);
    this.#startMs = nowMs;
    this.#expected = 0;
  }

  #learn(elapsedMs: number): void {
    const { adjust_every: lengthMs, method, weight, windows } = this.#config;
    const seconds = elapsedMs / 1000;
    // Where nothing came for some windows, they are one.
    const newest = 1 - (1 - weight) ** Math.max(1, Math.floor(elapsedMs / lengthMs));
    this.#pastSeconds.push(seconds);
    if (this.#pastSeconds.length > windows) this.#pastSeconds.shift();
    const allSeconds = sum(this.#pastSeconds);
    for (const [key, entry] of this.#entries) {
      const rate = entry.count / seconds;
      if (method === 'ema') entry.rate = entry.rate < 0 ? rate : entry.rate + newest * (rate - entry.rate);
      else {
        entry.past.push(entry.count);
        if (entry.past.length > windows) entry.past.shift();
        entry.rate = sum(entry.past) / allSeconds;
      }
      entry.count = 0;
      if (entry.rate * (lengthMs / 1000) < FORGOTTEN_BELOW) this.#entries.delete(key);
    }
  }

  #share(budget: number): void {
    const most = fairRate(
      Array.from(this.#entries.values(), ({ rate }) => rate),
      budget,
    );
    for (const entry of this.#entries.values()) {
      entry.ratio = Math.min(1, most / entry.rate);
      entry.threshold = undefined;
    }
  }
}

/**
 * Finds the rate c down to which the most frequent are cut so that all together meet the budget: sum of
 * min(rate, c × weight).
 *
 * @param weights of the rates, above 0; 1 each where they are left out
 * @returns Infinity where nothing has to be cut
 */
export function fairRate(rates: readonly number[], budget: number, weights?: readonly number[]): number {
  const weighted = rates.map((rate, i) => ({ rate, weight: weights?.[i] ?? 1 }));
  let left = budget;
  let leftWeight = sum(weighted.map(({ weight }) => weight));
  for (const { rate, weight } of weighted.sort((a, b) => a.rate / a.weight - b.rate / b.weight)) {
    const equal = left / leftWeight;
    if (rate > equal * weight) return equal;
    left -= rate;
    leftWeight -= weight;
  }
  return Infinity;
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
