// Durations of one operation against its baseline: test, drift, violation and recovery.
import { BIN_WIDTH } from './bins.ts';
import type { Change } from './contract.ts';
import { Drift } from './drift.ts';
import { durationRatio, type Fit, fitOf, quantileRatios } from './estimate.ts';
import { logShare } from './density.ts';
import { alternativesOf, nullsOf, type Alternative, type Null } from './hypotheses.ts';
import { type Evidence, LatencyTest } from './latency-test.ts';
import type { Learned } from './learned.ts';
import { Recovery } from './recovery.ts';
import { seasonAt } from './season.ts';
import { Since } from './since.ts';
import type { Step } from './step.ts';
import { type Known, ViolationState } from './violation-state.ts';

/** Evidence from which on calls are set apart, and nothing is learned; below the second it was nothing. */
const SUSPECT_NATS = 4;
const TRUSTED_NATS = 1;
/** Evidence grows no further past the threshold than this. */
const SURPLUS_NATS = 16;
/** What it had become is judged anew so often, seconds. */
const FIT_EVERY = 5;
const CALL_CLIP = 3.5;
/** Calls since it was raised that tell how bad it is by themselves. */
const ENOUGH_CALLS = 40;

interface Against {
  readonly alternatives: readonly Alternative[];
  readonly nulls: readonly Null[];
  readonly recovery: Recovery;
}

export class LatencyWatch {
  readonly #learned: Learned;
  readonly #test: LatencyTest;
  readonly #drift: Drift;
  readonly #guard: number;
  readonly #thresholdNats: number;
  #since: Since | undefined;
  /** Until enough has come since it was raised: what made it be raised. Chance has a part in that. */
  #early: Since | undefined;
  #violation: ViolationState | undefined;
  /** What it is held against while it is violated. */
  #against: Against | undefined;
  #fit: Fit | undefined;
  #fitAge = 0;
  #known: Pick<Known, 'ratio' | 'calls' | 'quantiles'> = { ratio: { value: 1, low: 0, high: Infinity } };

  /** @param guard slower by this is normal, nats */
  constructor(learned: Learned, guard: number, thresholdNats: number) {
    this.#learned = learned;
    this.#test = new LatencyTest(learned, guard);
    this.#drift = new Drift(learned);
    this.#guard = guard;
    this.#thresholdNats = thresholdNats;
  }

  /** Takes a second. @returns what changed */
  take(step: Step, lengthMs: number): Change | undefined {
    const season = seasonAt(this.#learned.season, step.timeMs);
    const centre = season + this.#drift.bins;
    if (this.#violation !== undefined) return this.#follow(this.#violation, step, centre, lengthMs);
    this.#test.take(step, centre, lengthMs, this.#thresholdNats + SURPLUS_NATS);
    const evidence = this.#test.best();
    const nats = evidence?.nats ?? 0;
    if (nats < TRUSTED_NATS) this.#since = undefined;
    else if (nats > SUSPECT_NATS) this.#since ??= new Since(step.timeMs - lengthMs);
    this.#since?.take(step, centre, lengthMs);
    this.#drift.take(step, season, this.#since !== undefined);
    if (evidence === undefined || nats < this.#thresholdNats || this.#since === undefined) return undefined;
    return this.#raise(step, evidence, this.#since);
  }

  /** Passes over a time of which nothing is known. */
  pass(pauseMs: number): void {
    this.#drift.pass(pauseMs);
  }

  /** Ends what is open. @returns what was open, as it ends */
  end(timeMs: number): Change | undefined {
    const change = this.#violation?.end(timeMs);
    this.#violation = this.#since = this.#early = this.#against = this.#fit = undefined;
    return change;
  }

  /** All but evidence that is no violation yet. */
  snapshot() {
    const violated = this.#violation === undefined ? undefined : this.#snapshotOf(this.#violation);
    return { drift: this.#drift.snapshot(), violated };
  }

  restore({ drift, violated }: ReturnType<LatencyWatch['snapshot']>): void {
    this.#drift.restore(drift);
    if (violated === undefined) return;
    this.#violation = ViolationState.restored(violated.state);
    this.#since = violated.since === undefined ? undefined : Since.restored(violated.since);
    this.#early = violated.early === undefined ? undefined : Since.restored(violated.early);
    this.#against = this.#hypotheses();
    if (violated.recovery !== undefined) this.#against.recovery.restore(violated.recovery);
    [this.#fit, this.#fitAge, this.#known] = [violated.fit, violated.fitAge, violated.known];
  }

  get isViolated(): boolean {
    return this.#violation !== undefined;
  }

  /** How far the baseline has moved since it was learned. */
  get driftNats(): number {
    return this.#drift.bins * BIN_WIDTH;
  }

  get isSuspect(): boolean {
    return this.#since !== undefined;
  }

  #raise(step: Step, { nats, onsetMs }: Evidence, since: Since): Change | undefined {
    this.#against = this.#hypotheses();
    this.#early = since;
    this.#judge();
    this.#violation = new ViolationState('latency', onsetMs);
    this.#since = new Since(step.timeMs);
    return this.#violation.update(step.timeMs, { ...this.#known, nats });
  }

  #follow(violation: ViolationState, step: Step, centre: number, lengthMs: number): Change | undefined {
    this.#recover(step, centre);
    if (this.#against?.recovery.isOver === true) {
      this.#violation = this.#since = this.#early = this.#against = this.#fit = undefined;
      this.#test.clear();
      return violation.end(step.timeMs);
    }
    // What comes while it may be over says nothing of how bad it was.
    if (step.calls > 0 && this.#against?.recovery.isDoubtful === true) return undefined;
    this.#since?.take(step, centre, lengthMs);
    if (this.#early !== undefined && (this.#since?.calls ?? 0) >= ENOUGH_CALLS) {
      this.#early = undefined;
      this.#judge();
    } else this.#early?.take(step, centre, lengthMs);
    if (++this.#fitAge >= FIT_EVERY) this.#judge();
    return violation.update(step.timeMs, { ...this.#known, nats: this.#thresholdNats });
  }

  #snapshotOf(violation: ViolationState) {
    return {
      state: violation.snapshot(),
      since: this.#since?.snapshot(),
      early: this.#early?.snapshot(),
      recovery: this.#against?.recovery.snapshot(),
      fit: this.#fit,
      fitAge: this.#fitAge,
      known: this.#known,
    };
  }

  #hypotheses(): Against {
    const nulls = nullsOf(this.#learned, this.#guard).filter(({ penalty }) => penalty === 0);
    return { alternatives: alternativesOf(this.#learned, this.#guard), nulls, recovery: new Recovery(nulls.length) };
  }

  #judge(): void {
    this.#fitAge = 0;
    const calls = this.#early ?? this.#since;
    if (calls === undefined || calls.calls === 0 || this.#against === undefined) return;
    this.#fit = fitOf(calls.counts(), this.#learned, this.#against.alternatives);
    // Few calls tell of a tail: all of them are needed.
    const counts = this.#fit.shape === 'tail' ? calls.all() : calls.counts();
    const ratio = durationRatio(counts, this.#fit.shape, this.#learned, calls.seconds);
    this.#known = { ratio, calls: calls.calls, quantiles: quantileRatios(counts, this.#learned) };
  }

  /** Weighs each way of being normal against what it had become. */
  #recover(step: Step, centre: number): void {
    const fit = this.#fit;
    const against = this.#against;
    if (fit === undefined || against === undefined || step.calls === 0) return;
    const weight = 1 / (1 + (step.calls - 1) * this.#learned.correlation);
    against.nulls.forEach(({ density, by }, h) => {
      let gain = 0;
      for (let k = 0; k < step.kinds; k++) {
        const place = (step.bins[k] ?? 0) - centre;
        const ratio = logShare(density, place - by) - logShare(fit.density, place - fit.by);
        gain += (step.counts[k] ?? 0) * Math.max(-CALL_CLIP, Math.min(CALL_CLIP, ratio));
      }
      against.recovery.take(h, gain * weight);
    });
  }
}
