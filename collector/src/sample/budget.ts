// A target of kept spans or bytes a second. What arrives is known seconds before it is decided, so the share that may be
// kept of each second's traces is known before any of their randomness is read.
import { type Half56, KEEP_ALL, thresholdOf } from '../otlp/trace-state.ts';
import type { PolicyClass } from './sampler.ts';

export interface BudgetOptions {
  readonly spansPerSecond: number | undefined;
  readonly bytesPerSecond: number | undefined;
}

/** Seconds of arrivals remembered; a trace that waits longer counts to the oldest. */
const SECONDS = 256;
/** Below this share nothing is learned any more; a trace in ten thousand shows that there is traffic. */
const LEAST_RATIO = 1e-4;
/**
 * What was kept over the last seconds corrects the share a little each second: traces grow after they were counted. It acts
 * on decisions and is read from decisions, so it does not lag behind as the traffic's steps would make it.
 */
const CORRECTION = { seconds: 10, gain: 0.1, least: 0.5, most: 1.5 };
/** Weight of the newest second in the share of arrivals that must be kept. */
const NEWEST = 0.25;

/** One unit, spans or bytes, against its target. */
class Account {
  readonly target: number;
  /** Of traces by the second of their first span. */
  readonly arrived = new Float64Array(SECONDS);
  readonly kept = new Float64Array(SECONDS);
  /** Decided in the second at hand, and how much of it had to be kept. */
  decided = 0;
  forced = 0;
  /** Of what is decided, by earlier seconds. */
  forcedRatio = 0;
  correction = 1;
  /** Whether the share was below 1 in the second at hand, so that the target was what held the traffic down. */
  binds = false;
  /** Seconds in a row in which it was. */
  #boundSeconds = 0;

  constructor(target: number) {
    this.target = target;
  }

  /** Begins a second. */
  turn(second: number): void {
    this.arrived[second % SECONDS] = 0;
    this.kept[second % SECONDS] = 0;
    if (this.decided > 0) this.forcedRatio += NEWEST * (this.forced / this.decided - this.forcedRatio);
    this.decided = this.forced = 0;
    this.#boundSeconds = this.binds ? this.#boundSeconds + 1 : 0;
    // Before that, seconds in which nothing was decided yet would look as if there were room.
    if (this.#boundSeconds >= CORRECTION.seconds) this.#correct(second);
    this.binds = false;
  }

  /** The share to keep of the traces of a second that need not be kept; may be above 1 or below 0. */
  ratio(second: number, nowSecond: number): number {
    const counted = this.arrived[second % SECONDS];
    // A second that is not over has not shown all it brings.
    const arrived = second < nowSecond ? counted : Math.max(counted, this.arrived[(second + SECONDS - 1) % SECONDS]);
    const rest = arrived * (1 - this.forcedRatio);
    if (rest <= 0) return 1;
    const ratio = ((this.target - arrived * this.forcedRatio) / rest) * this.correction;
    this.binds ||= ratio < 1;
    return ratio;
  }

  #correct(second: number): void {
    const { seconds, gain, least, most } = CORRECTION;
    let kept = 0;
    for (let i = 1; i <= seconds; i++) kept += this.kept[(second - i + SECONDS) % SECONDS];
    const over = Math.min(1, kept / (seconds * this.target) - 1);
    this.correction = Math.min(most, Math.max(least, this.correction * (1 - gain * over)));
  }
}

/** The budget of the process. Errors and floors come first; the rest shares what they leave. */
export class Budget {
  readonly #spans: Account | undefined;
  readonly #bytes: Account | undefined;
  #second = -1;
  readonly #ceilings = new Map<number, Half56>();
  /** The share that traces of the newest second are kept at. */
  ratio = 1;

  constructor({ spansPerSecond, bytesPerSecond }: BudgetOptions) {
    this.#spans = spansPerSecond === undefined ? undefined : new Account(spansPerSecond);
    this.#bytes = bytesPerSecond === undefined ? undefined : new Account(bytesPerSecond);
  }

  /** Counts a span by the second in which its trace began. */
  arrived(startMs: number, nowMs: number, bytes: number): void {
    this.#turn(nowMs);
    const place = this.#secondOf(startMs) % SECONDS;
    if (this.#spans !== undefined) this.#spans.arrived[place]++;
    if (this.#bytes !== undefined) this.#bytes.arrived[place] += bytes;
  }

  /** The lowest threshold at which a trace that need not be kept may be kept. One a second of arrival and of decision. */
  ceiling(startMs: number, nowMs: number): Half56 {
    this.#turn(nowMs);
    const second = this.#secondOf(startMs);
    let ceiling = this.#ceilings.get(second);
    if (ceiling === undefined) {
      const ratios = [this.#spans, this.#bytes].map((account) => account?.ratio(second, this.#second) ?? 1);
      const ratio = Math.min(1, Math.max(LEAST_RATIO, Math.min(...ratios)));
      ceiling = ratio === 1 ? KEEP_ALL : thresholdOf(ratio);
      this.ratio = ratio;
      this.#ceilings.set(second, ceiling);
    }
    return ceiling;
  }

  /** Learns from a decision how much must be kept, and how much was. */
  decided(policyClass: PolicyClass | undefined, kept: boolean, spans: number, bytes: number): void {
    for (const [account, size] of [
      [this.#spans, spans],
      [this.#bytes, bytes],
    ] as const) {
      if (account === undefined) continue;
      account.decided += size;
      if (policyClass === 'forced' || policyClass === 'floor') account.forced += size;
      if (kept) account.kept[Math.max(0, this.#second) % SECONDS] += size;
    }
  }

  #secondOf(startMs: number): number {
    return Math.max(Math.floor(startMs / 1000), this.#second - SECONDS + 1);
  }

  /** Steps to the second at hand; seconds without traffic count as empty. */
  #turn(nowMs: number): void {
    const second = Math.floor(nowMs / 1000);
    if (second <= this.#second) return;
    const first = this.#second < 0 ? second : Math.max(this.#second + 1, second - SECONDS + 1);
    for (let each = first; each <= second; each++) {
      this.#spans?.turn(each);
      this.#bytes?.turn(each);
    }
    this.#second = second;
    this.#ceilings.clear();
  }
}
