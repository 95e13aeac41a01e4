// Evidence that an operation's durations have changed: a bank of sequential likelihood-ratio tests, each alternative against
// each null. What counts for an alternative is the null that explains the calls best, all from one beginning.
import { BIN_WIDTH, BINS, logAt, quantilePlace } from './bins.ts';
import { sharesOf } from './density.ts';
import { ALTERNATIVES, alternativesOf, BURSTS, CAP, guardOf, nullsOf } from './hypotheses.ts';
import type { Learned } from './learned.ts';
import type { Step } from './step.ts';

/** One call may say so much against an alternative, nats; for one as much as may be said at once. */
export const CALL_CLIP = 3.5;
/** Evidence fades by so much a second: what takes a quarter of an hour to show is a baseline that does not quite fit. */
export const FADE_NATS = 0.012;
/** Of an operation that is called seldom it does not fade to nothing between two calls. */
const MOST_FADING_MS = 60_000;
/** Calls a second below which a pause holds few of them: one call may then say as much as it can. */
export const SPARSE_RATE = 1;
/** Densities are held in thousandths of a nat, which 16 bits can hold and no test can tell apart. */
const PER_NAT = 1000;

/**
 * Calls slower than nearly all are of the time they began in: what was slow for some seconds ends over many where calls
 * take seconds.
 */
const SLOW_QUANTILE = 0.98;
const LEAST_SLOW_MS = 1000;

/** Bins held of a density, and how many of them lie below its centre: from a forty-fifth of its duration to fourteen hundred times. */
const SPAN = 128;
const BINS_BELOW = 44;

/** What the bank found. */
export interface Evidence {
  /** Nats against the best null, for the best alternative; 0 and above. */
  readonly nats: number;
  /** Place of the alternative among those of `alternativesOf`. */
  readonly alternative: number;
  /** When it began, milliseconds. */
  readonly onsetMs: number;
}

/** How a second counts. */
interface How {
  readonly weight: number;
  readonly fade: number;
  readonly mostNats: number;
  /** Slow calls that began a while ago end in it. */
  readonly hasLate: boolean;
}

/** Of the second that is being taken; no two are taken at once. */
let likely = new Float64Array(0);
let changed = new Float64Array(0);

/**
 * @see Page 1954, Continuous inspection schemes
 * @see Wasserman, Ramdas and Balakrishnan 2020, Universal inference
 */
export class LatencyTest {
  /** Logarithms of densities, SPAN bins of each, one after the other; the first bin of all; and which a hypothesis reads. */
  readonly #densities: Int16Array;
  readonly #first: number;
  readonly #densityOf: Uint8Array;
  readonly #nulls: number;
  readonly #leastBurst: number;
  /** Bin from which on calls are slow, and the latest beginning of such a call. */
  readonly #slowFrom: number;
  #beganMs = -Infinity;
  readonly #correlation: number;
  /**
   * Of all hypotheses how far they are moved, then penalties of nulls, then of alternatives what evidence may still grow by,
   * and by slow calls by the time they began, and when it began in seconds after the first step, then evidence. One array, since there are ten thousand operations.
   */
  readonly #numbers: Float32Array;
  /** A bit for each alternative that has evidence. */
  #active = 0;
  #firstMs = NaN;
  /** The last second with calls. */
  #lastMs = NaN;

  constructor(learned: Learned, guard = guardOf(learned)) {
    const nulls = nullsOf(learned, guard);
    const all = [...alternativesOf(learned, guard), ...nulls];
    const densities = [...new Set(all.map(({ density }) => density))];
    this.#first = Math.max(0, Math.min(BINS - SPAN, Math.round(learned.centre) - BINS_BELOW));
    this.#densities = Int16Array.from(
      densities.flatMap((density) => [...density.subarray(this.#first, this.#first + SPAN)]),
      (log) => Math.round(log * PER_NAT),
    );
    this.#densityOf = Uint8Array.from(all, ({ density }) => densities.indexOf(density));
    this.#nulls = nulls.length;
    this.#numbers = new Float32Array(4 * ALTERNATIVES + (2 + ALTERNATIVES) * nulls.length);
    all.forEach(({ by }, i) => (this.#numbers[i] = by));
    nulls.forEach(({ penalty }, h) => (this.#numbers[this.#penaltyAt + h] = penalty));
    this.#leastBurst = learned.callsPerSecond < SPARSE_RATE ? CALL_CLIP : 0;
    this.#correlation = learned.correlation;
    this.#slowFrom = quantilePlace(sharesOf(learned.density), SLOW_QUANTILE) + guard / BIN_WIDTH;
    for (let a = 0; a < ALTERNATIVES; a++)
      this.#numbers[this.#roomAt + a] = this.#numbers[this.#lateAt + a] = this.#burst(a);
  }

  /**
   * Takes a second.
   *
   * @param centre how far the whole baseline lies elsewhere now (season, drift); bins
   * @param mostNats what evidence may grow to
   */
  take(step: Step, centre: number, lengthMs: number, mostNats: number): void {
    const numbers = this.#numbers;
    for (let a = 0, at = this.#roomAt; a < ALTERNATIVES; a++, at++)
      numbers[at] = Math.min(this.#burst(a), numbers[at] + (CAP * lengthMs) / 1000);
    if (step.kinds === 0) return;
    if (Number.isNaN(this.#firstMs)) this.#firstMs = this.#lastMs = step.timeMs - lengthMs;
    const best = this.#look(step, centre);
    const hasLate = this.#late(step, centre);
    const fade = (FADE_NATS * Math.min(MOST_FADING_MS, step.timeMs - this.#lastMs)) / 1000;
    this.#lastMs = step.timeMs;
    const weight = 1 / (1 + (step.calls - 1) * this.#correlation);
    for (let a = 0; a < ALTERNATIVES; a++) {
      this.#read(changed, 0, a, step, centre);
      // Without evidence so far, what one null explains stays without; mostly that is the likeliest.
      if ((this.#active & (1 << a)) === 0) {
        if (this.#gain(a, best, step) * weight <= fade) continue;
        numbers[this.#onsetAt + a] = (step.timeMs - lengthMs - this.#firstMs) / 1000;
      }
      this.#add(a, step, { weight, fade, mostNats, hasLate });
    }
  }

  /** The strongest evidence. */
  best(): Evidence | undefined {
    let best: Evidence | undefined;
    if (this.#active === 0) return undefined;
    const numbers = this.#numbers;
    const nulls = this.#nulls;
    for (let a = 0; a < ALTERNATIVES; a++) {
      if ((this.#active & (1 << a)) === 0) continue;
      let nats = Infinity;
      const [sums, penalties] = [this.#sumAt + a * nulls, this.#penaltyAt];
      for (let h = 0; h < nulls; h++) nats = Math.min(nats, numbers[sums + h] + numbers[penalties + h]);
      const onsetMs = this.#firstMs + 1000 * numbers[this.#onsetAt + a];
      if (nats > (best?.nats ?? 0)) best = { nats, alternative: a, onsetMs };
    }
    return best;
  }

  /** Forgets all evidence. */
  clear(): void {
    this.#numbers.fill(0, this.#sumAt);
    this.#active = 0;
  }

  get #penaltyAt(): number {
    return ALTERNATIVES + this.#nulls;
  }

  get #roomAt(): number {
    return ALTERNATIVES + 2 * this.#nulls;
  }

  get #lateAt(): number {
    return 2 * ALTERNATIVES + 2 * this.#nulls;
  }

  get #onsetAt(): number {
    return 3 * ALTERNATIVES + 2 * this.#nulls;
  }

  get #sumAt(): number {
    return 4 * ALTERNATIVES + 2 * this.#nulls;
  }

  #burst(a: number): number {
    return Math.max(BURSTS[a], this.#leastBurst);
  }

  #add(a: number, step: Step, { weight, fade, mostNats, hasLate }: How): void {
    const numbers = this.#numbers;
    const nulls = this.#nulls;
    const [sums, penalties] = [this.#sumAt + a * nulls, this.#penaltyAt];
    const room = Math.min(numbers[this.#roomAt + a], hasLate ? numbers[this.#lateAt + a] : Infinity);
    let least = Infinity;
    let [before, after] = [Infinity, Infinity];
    for (let h = 0; h < nulls; h++) {
      const was = numbers[sums + h];
      const sum = Math.min(mostNats, was + Math.min(room, this.#gain(a, h, step) * weight) - fade);
      numbers[sums + h] = sum;
      least = Math.min(least, sum);
      before = Math.min(before, was + numbers[penalties + h]);
      after = Math.min(after, sum + numbers[penalties + h]);
    }
    // What counts against the room is what the evidence grew by, whichever null it is that stands in its way now.
    const grown = Math.max(0, after - before);
    numbers[this.#roomAt + a] -= grown;
    if (hasLate) numbers[this.#lateAt + a] -= grown;
    // What one null explains needs no other: all evidence begins anew after it.
    this.#active = least > 0 ? this.#active | (1 << a) : this.#active & ~(1 << a);
    if (least <= 0) numbers.fill(0, sums, sums + nulls);
  }

  /** Whether slow calls end in a second; if so, what they may say grows by the time that passed between their beginnings. */
  #late({ kinds, bins, timeMs }: Step, centre: number): boolean {
    let beganMs = -Infinity;
    for (let k = 0; k < kinds; k++) {
      if (bins[k] < this.#slowFrom + centre) continue;
      const tookMs = 1000 * Math.exp(logAt(bins[k]));
      if (tookMs >= LEAST_SLOW_MS) beganMs = Math.max(beganMs, timeMs - tookMs);
    }
    if (beganMs === -Infinity) return false;
    const passedS = Math.max(0, beganMs - this.#beganMs) / 1000;
    this.#beganMs = Math.max(beganMs, this.#beganMs);
    for (let a = 0, at = this.#lateAt; a < ALTERNATIVES; a++, at++)
      this.#numbers[at] = Math.min(this.#burst(a), this.#numbers[at] + CAP * passedS);
    return true;
  }

  /** Log-likelihood ratio of a second, each call clipped; the alternative's own was read before. */
  #gain(a: number, h: number, { kinds, counts }: Step): number {
    const burst = this.#burst(a);
    let gain = 0;
    for (let k = 0; k < kinds; k++) {
      const ratio = changed[k] - likely[h * kinds + k];
      gain += counts[k] * (ratio < -CALL_CLIP ? -CALL_CLIP : ratio > burst ? burst : ratio);
    }
    return gain;
  }

  /** What each null makes of each bin that holds calls. @returns the likeliest */
  #look(step: Step, centre: number): number {
    const { kinds, counts } = step;
    const nulls = this.#nulls;
    if (changed.length < kinds) changed = new Float64Array(2 * kinds);
    if (likely.length < kinds * nulls) likely = new Float64Array(2 * kinds * nulls);
    let best = 0;
    let most = -Infinity;
    for (let h = 0; h < nulls; h++) {
      this.#read(likely, h * kinds, ALTERNATIVES + h, step, centre);
      let sum = 0;
      for (let k = 0; k < kinds; k++) sum += counts[k] * likely[h * kinds + k];
      if (sum > most) [best, most] = [h, sum];
    }
    return best;
  }

  /** Logarithms, nats, of the density of a hypothesis at the bins of a second, between bins interpolated. */
  #read(into: Float64Array, from: number, hypothesis: number, { kinds, bins }: Step, centre: number): void {
    const densities = this.#densities;
    const start = this.#densityOf[hypothesis] * SPAN;
    const off = centre + this.#numbers[hypothesis] + this.#first;
    for (let k = 0; k < kinds; k++) {
      const place = bins[k] - off;
      if (place <= 0) into[from + k] = densities[start] / PER_NAT;
      else if (place >= SPAN - 1) into[from + k] = densities[start + SPAN - 1] / PER_NAT;
      else {
        const low = Math.floor(place);
        const at = start + low;
        into[from + k] = (densities[at] + (place - low) * (densities[at + 1] - densities[at])) / PER_NAT;
      }
    }
  }
}
