// Evidence that an operation's durations have changed: a bank of sequential likelihood-ratio tests, each alternative against
// each null. What counts for an alternative is the null that explains the calls best.
import { logShare } from './density.ts';
import { type Alternative, alternativesOf, type Null, nullsOf } from './hypotheses.ts';
import { guardOf } from './hypotheses.ts';
import type { Learned } from './learned.ts';
import type { Step } from './step.ts';

/** One call may say so much against an alternative, nats; for one as much as may be said at once. */
export const CALL_CLIP = 3.5;
/** Evidence fades by so much a second: what takes a quarter of an hour to show is a baseline that does not quite fit. */
export const FADE_NATS = 0.012;
/** Calls a second below which a pause holds few of them: one call may then say as much as it can. */
export const SPARSE_RATE = 1;

/** What the bank found. */
export interface Evidence {
  /** Nats against the best null, for the best alternative; 0 and above. */
  readonly nats: number;
  readonly alternative: Alternative;
  /** When it began, milliseconds. */
  readonly onsetMs: number;
}

/**
 * @see Page 1954, Continuous inspection schemes
 * @see Wasserman, Ramdas and Balakrishnan 2020, Universal inference
 */
export class LatencyTest {
  readonly #alternatives: readonly Alternative[];
  readonly #nulls: readonly Null[];
  readonly #correlation: number;
  readonly #sums: Float64Array;
  readonly #onsets: Float64Array;
  /** What evidence for each alternative may still grow by. */
  readonly #rooms: Float64Array;
  readonly #bursts: Float64Array;
  #likely = new Float64Array(0);
  #alternative = new Float64Array(0);

  constructor(learned: Learned, guard = guardOf(learned)) {
    this.#alternatives = alternativesOf(learned, guard);
    this.#nulls = nullsOf(learned, guard);
    this.#correlation = learned.correlation;
    this.#sums = new Float64Array(this.#alternatives.length * this.#nulls.length);
    this.#onsets = new Float64Array(this.#alternatives.length);
    const least = learned.callsPerSecond < SPARSE_RATE ? CALL_CLIP : 0;
    this.#bursts = Float64Array.from(this.#alternatives, ({ burst }) => Math.max(burst, least));
    this.#rooms = this.#bursts.slice();
  }

  /**
   * Takes a second.
   *
   * @param centre how far the whole baseline lies elsewhere now (season, drift); bins
   * @param mostNats what evidence may grow to
   */
  take(step: Step, centre: number, lengthMs: number, mostNats: number): void {
    const { kinds } = step;
    for (let a = 0; a < this.#rooms.length; a++)
      this.#rooms[a] = Math.min(
        this.#bursts[a],
        this.#rooms[a] + (this.#alternatives[a]?.cap ?? 0) * (lengthMs / 1000),
      );
    if (kinds === 0) return;
    this.#look(step, centre);
    const fade = Math.min(FADE_NATS * (lengthMs / 1000), FADE_NATS * step.calls);
    const weight = 1 / (1 + (step.calls - 1) * this.#correlation);
    const nulls = this.#nulls.length;
    for (let a = 0; a < this.#alternatives.length; a++) {
      const one = this.#alternatives[a];
      if (one === undefined) continue;
      const { burst } = one;
      const room = this.#rooms[a];
      let grown = Infinity;
      for (let k = 0; k < kinds; k++)
        this.#alternative[k] = logShare(one.density, (step.bins[k] ?? 0) - centre - one.by);
      let least = Infinity;
      for (let h = 0; h < nulls; h++) {
        let gain = 0;
        for (let k = 0; k < kinds; k++) {
          const ratio = (this.#alternative[k] ?? 0) - (this.#likely[h * kinds + k] ?? 0);
          gain += (step.counts[k] ?? 0) * Math.max(-CALL_CLIP, Math.min(burst, ratio));
        }
        const at = a * nulls + h;
        const growth = Math.min(room, gain * weight);
        grown = Math.min(grown, growth);
        const sum = Math.min(mostNats, this.#sums[at] + growth - fade);
        this.#sums[at] = sum;
        least = Math.min(least, sum);
      }
      this.#rooms[a] = room - Math.max(0, grown);
      // What one null explains needs no other: all evidence begins anew after it.
      if (least <= 0) {
        this.#sums.fill(0, a * nulls, (a + 1) * nulls);
        this.#onsets[a] = step.timeMs;
      } else if (this.#onsets[a] === 0) this.#onsets[a] = step.timeMs - lengthMs;
    }
  }

  /** The strongest evidence. */
  best(): Evidence | undefined {
    let best: Evidence | undefined;
    const nulls = this.#nulls.length;
    this.#alternatives.forEach((alternative, a) => {
      let nats = Infinity;
      this.#nulls.forEach(({ penalty }, h) => {
        const sum = this.#sums[a * nulls + h] ?? 0;
        // Evidence that is not there does not count for being unlikely.
        nats = Math.min(nats, sum === 0 ? 0 : sum + penalty);
      });
      if (nats > (best?.nats ?? 0)) best = { nats, alternative, onsetMs: this.#onsets[a] ?? 0 };
    });
    return best;
  }

  /** Forgets all evidence. */
  clear(): void {
    this.#sums.fill(0);
    this.#onsets.fill(0);
  }

  /** What each null makes of each bin that holds calls. */
  #look({ bins, kinds }: Step, centre: number): void {
    if (this.#alternative.length < kinds) this.#alternative = new Float64Array(2 * kinds);
    if (this.#likely.length < kinds * this.#nulls.length)
      this.#likely = new Float64Array(2 * kinds * this.#nulls.length);
    this.#nulls.forEach(({ density, by }, h) => {
      for (let k = 0; k < kinds; k++) this.#likely[h * kinds + k] = logShare(density, (bins[k] ?? 0) - centre - by);
    });
  }
}
