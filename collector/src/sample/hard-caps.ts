// Hard caps on kept spans or bytes a second: what was judged in one second is thinned out by its randomness, best first.
// Pure: the owner says when a slice ends, and applies what comes out.
import { type Half56, higherThreshold, isBelow } from '../otlp/trace-state.ts';
import type { PolicyClass } from './sampler.ts';

/** A trace that its policies keep, waiting for the end of its slice. */
export interface Candidate {
  /** Slot of the trace. */
  readonly trace: number;
  readonly class: PolicyClass;
  readonly policy: number;
  readonly threshold: Half56;
  readonly randomHigh: number;
  readonly randomLow: number;
  readonly spans: number;
  readonly bytes: number;
}

export interface HardCapOptions {
  readonly spansPerSecond: number | undefined;
  readonly bytesPerSecond: number | undefined;
  /** Whether what is left of a slice that was cut says at which threshold; default true. */
  readonly writesThreshold?: boolean;
}

/** Length of a slice. */
export const SLICE_MS = 1000;

const CLASSES: readonly PolicyClass[] = ['forced', 'floor', 'rest'];
/** A class is never thinned below this, or the threshold of what is left would say nothing; it is paid back later. */
const LEAST_KEPT = 2;
/** Least weight of the newest slice in the mean size of a class; the first ones weigh more. */
const NEWEST = 0.2;
/** A mean is a sum of rounded parts; what fits exactly is not to be lost to that. */
const ROUNDING = 1e-6;
/** Mean size of a class before its first slice: the mean trace of many services. */
const FIRST_MEAN = { spans: 8, bytes: 5000 };

type Unit = keyof typeof FIRST_MEAN;

/** Candidates of one slice, and what earlier slices left to pay. */
export class HardCaps {
  readonly #limits: readonly (readonly [Unit, number])[];
  #slice: Candidate[] = [];
  readonly #mean: Record<PolicyClass, Record<Unit, number> & { slices: number }>;
  readonly #debt: Record<Unit, number> = { spans: 0, bytes: 0 };

  constructor({ spansPerSecond, bytesPerSecond }: HardCapOptions) {
    const given = [
      ['spans', spansPerSecond],
      ['bytes', bytesPerSecond],
    ] as const;
    this.#limits = given.flatMap(([unit, limit]) => (limit === undefined ? [] : [[unit, limit] as const]));
    const first = { ...FIRST_MEAN, slices: 0 };
    this.#mean = { forced: { ...first }, floor: { ...first }, rest: { ...first } };
  }

  get count(): number {
    return this.#slice.length;
  }

  add(candidate: Candidate): void {
    this.#slice.push(candidate);
  }

  /**
   * Ends the slice: of each class, in order, those with the highest randomness are kept as far as there is room.
   *
   * The threshold of a class that is cut is just above the randomness of the best trace left out. Moving a kept trace's
   * randomness up would not change it, so estimates from it stay unbiased.
   *
   * @param seconds the slice took
   * @param idleSeconds between the last slice and this one; they pay debts
   * @param settle called once for each candidate
   */
  close(
    { seconds, idleSeconds }: { readonly seconds: number; readonly idleSeconds: number },
    settle: (candidate: Candidate, kept: boolean, threshold: Half56) => void,
  ): void {
    const slice = this.#slice;
    this.#slice = [];
    for (const [unit, limit] of this.#limits) this.#debt[unit] = Math.max(0, this.#debt[unit] - limit * idleSeconds);
    const kept = { spans: 0, bytes: 0 };
    for (const each of CLASSES) {
      const members = slice.filter((candidate) => candidate.class === each);
      if (members.length === 0) continue;
      const room = this.#room(each, kept, seconds);
      const cut = members.length > room ? cutBelow(members, room) : undefined;
      for (const member of members) {
        const stays = cut === undefined || !isBelow(member.randomHigh, member.randomLow, cut.high, cut.low);
        settle(member, stays, cut === undefined ? member.threshold : higherThreshold(cut, member.threshold));
        if (!stays) continue;
        kept.spans += member.spans;
        kept.bytes += member.bytes;
      }
      this.#learn(each, members);
    }
    for (const [unit, limit] of this.#limits)
      this.#debt[unit] = Math.max(0, this.#debt[unit] + kept[unit] - limit * seconds);
  }

  /** How many traces of a class there is room for, judged by the mean size of earlier slices. */
  #room(each: PolicyClass, kept: Record<Unit, number>, seconds: number): number {
    let room = Infinity;
    for (const [unit, limit] of this.#limits) {
      const left = limit * seconds - this.#debt[unit] - kept[unit];
      room = Math.min(room, Math.floor(left / this.#mean[each][unit] + ROUNDING));
    }
    return Math.max(LEAST_KEPT, room);
  }

  #learn(each: PolicyClass, members: readonly Candidate[]): void {
    const mean = this.#mean[each];
    const weight = Math.max(NEWEST, 1 / ++mean.slices);
    for (const unit of ['spans', 'bytes'] as const) {
      const now = members.reduce((sum, member) => sum + member[unit], 0) / members.length;
      mean[unit] += weight * (now - mean[unit]);
    }
  }
}

/** Just above the randomness of the (room + 1)th best. */
function cutBelow(members: readonly Candidate[], room: number): Half56 {
  const sorted = members.toSorted((a, b) => b.randomHigh - a.randomHigh || b.randomLow - a.randomLow);
  const { randomHigh = 0, randomLow = 0 } = sorted[room] ?? {};
  const carries = randomLow === 0xfffffff;
  return { high: randomHigh + (carries ? 1 : 0), low: carries ? 0 : randomLow + 1 };
}
