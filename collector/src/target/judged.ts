// One subject under one target: what is counted of it, and from when to when it misses. Pure; time is an argument.
import { atMost } from '../model/binomial.ts';
import type { Change, Severity, Subject, Violation } from '../baseline/contract.ts';
import type { TargetState } from './contract.ts';
import { says } from './says.ts';
import { SLOTS, SlidingWindow } from './sliding-window.ts';
import { type Counted, read, type Tally } from './tally.ts';
import { misses, offBy, severityOf, type Target } from './target.ts';

/** By so much of the latest past it is judged whether a miss is over: within a minute it has to be said. */
const RECOVERY_MS = 30_000;
/** Of a budget that is to last for a month, so much of the window: five minutes of an hour (Site Reliability Workbook). */
const LATEST_OF_BURN = 1 / 12;
/** So unlikely has it to be that a budget is still used up too fast for a few good calls to end it before that. */
const DOUBT = 1e-3;
/** What was said is corrected after so long at first, and where it became worse by this factor. */
const FIRST_CORRECTION_MS = 20_000;
const CORRECTED = 1.25;

export class Judged {
  readonly target: Target;
  readonly subject: Subject;
  readonly turn: number;
  readonly #window: SlidingWindow;
  /** Where half of the window is longer than that may take. */
  readonly #latest: SlidingWindow | undefined;
  readonly #latestMs: number;
  /** Of a budget, what came since it may have recovered: five minutes hold on to what is over. */
  readonly #recent: SlidingWindow | undefined;
  /** What is read is multiplied by this, which brings durations to seconds. */
  factor = 1;
  /** UCUM, of the value. */
  unit: string;
  /** Of levels every reading counts, however few there are. */
  isHeld = false;
  /** The last reading of levels, where that is what is judged. */
  level: number | undefined;
  /** When it was heard of last; by the clock of the stage. */
  heardMs: number;
  isForgotten = false;
  value: number | undefined;
  state: TargetState = 'unknown';
  /** Unix milliseconds. */
  sinceMs = NaN;
  severity: Severity | undefined;
  #onsetMs = NaN;
  #missedMs = NaN;
  #metMs = NaN;
  /** Of what was said last: when it began to be said, how far off it was, and when it may be corrected. */
  #raisedMs = NaN;
  #saidRatio = NaN;
  #correctMs = 0;
  /** When it was over last. */
  #endedMs = -Infinity;

  /** @param turn in which it is judged */
  constructor(target: Target, subject: Subject, heardMs: number, turn: number) {
    this.target = target;
    this.subject = subject;
    this.turn = turn;
    this.heardMs = heardMs;
    this.unit = target.unit;
    const { statistic, windowMs } = target;
    this.#latestMs = statistic === 'burn_rate' ? windowMs * LATEST_OF_BURN : Math.min(RECOVERY_MS, windowMs / 2);
    this.#window = new SlidingWindow(windowMs);
    this.#latest = this.#latestMs < windowMs / 2 ? new SlidingWindow(this.#latestMs) : undefined;
    if (RECOVERY_MS < this.#latestMs) this.#recent = new SlidingWindow(RECOVERY_MS);
  }

  /** @param timeMs by whichever clock `judge` is given as the first */
  add(timeMs: number, counted: Counted): void {
    this.#window.add(timeMs, counted);
    this.#latest?.add(timeMs, counted);
    this.#recent?.add(timeMs, counted);
  }

  /** Goes on with what was said before a restart. */
  resume({ severity, onsetMs, ratio }: Violation): void {
    if (severity === 'none') return;
    this.severity = severity;
    this.#onsetMs = this.#raisedMs = onsetMs;
    this.#saidRatio = ratio.value;
    this.#turn('missed', onsetMs);
  }

  /**
   * Judges it.
   *
   * @param timeMs up to which it was counted
   * @param nowMs Unix milliseconds
   * @returns what is to be said
   */
  judge(timeMs: number, nowMs: number): Change | undefined {
    const window = this.#window.total(timeMs);
    const whole = this.#read(window, this.target.windowMs);
    if (this.severity !== undefined) {
      const latest = this.#readLatest(timeMs) ?? whole;
      return latest === undefined ? undefined : this.#goOn(latest, restsOn(window), nowMs);
    }
    if (whole === undefined) return undefined;
    this.value = whole;
    const latest = misses(this.target, whole, false) ? (this.#readLatest(timeMs) ?? whole) : whole;
    // What misses it and is better already need not be said.
    if (!misses(this.target, latest, false)) {
      this.#missedMs = NaN;
      this.#turn('met', nowMs);
      return undefined;
    }
    this.#turn('missed', nowMs);
    if (Number.isNaN(this.#missedMs)) this.#missedMs = nowMs;
    if (nowMs - this.#missedMs < this.target.sustainedMs) return undefined;
    this.#onsetMs = this.#missedMs;
    this.#raisedMs = nowMs;
    return this.#say(severityOf(this.target, latest, undefined), latest, restsOn(window), nowMs);
  }

  /** Tells whether it is further on the wrong side than another of the same target. */
  isWorseThan(other: Judged | undefined): boolean {
    if (other?.value === undefined || this.value === undefined) return true;
    return this.target.direction === 'max' ? this.value > other.value : this.value < other.value;
  }

  /** It is not heard of any more, or nobody wants it judged. @returns what is to be said */
  forget(nowMs: number): Change | undefined {
    this.isForgotten = true;
    return this.severity === undefined
      ? undefined
      : { ...this.#change('none', this.value ?? NaN, 0, nowMs), ended: 'forgotten' };
  }

  #goOn(value: number, calls: number, nowMs: number): Change | undefined {
    this.value = value;
    if (misses(this.target, value, true)) {
      this.#metMs = NaN;
      const severity = severityOf(this.target, value, this.severity);
      if (severity === this.severity && !this.#isCorrected(value, nowMs)) return undefined;
      return this.#say(severity, value, calls, nowMs);
    }
    if (Number.isNaN(this.#metMs)) this.#metMs = nowMs;
    // A level is what it is at one moment, so that it has to last; the others are of a stretch of time already.
    const lastsMs = this.target.statistic === 'value' ? Math.min(this.target.sustainedMs, RECOVERY_MS) : 0;
    if (nowMs - this.#metMs < lastsMs) return undefined;
    this.severity = undefined;
    this.#endedMs = nowMs;
    this.#missedMs = this.#metMs = NaN;
    // What was before is told and done with.
    this.#window.clear();
    this.#turn('met', nowMs);
    return this.#change('none', value, calls, nowMs);
  }

  /** Whether it is much further off than was said. Each correction may come after twice the time. */
  #isCorrected(value: number, nowMs: number): boolean {
    return nowMs >= this.#correctMs && offBy(this.target, value).value >= CORRECTED * this.#saidRatio;
  }

  #say(severity: Severity, value: number, calls: number, nowMs: number): Change {
    this.severity = severity;
    this.#saidRatio = offBy(this.target, value).value;
    this.#correctMs = nowMs + Math.max(FIRST_CORRECTION_MS, nowMs - this.#raisedMs);
    return this.#change(severity, value, calls, nowMs);
  }

  #change(severity: Severity | 'none', value: number, calls: number, timeMs: number): Change {
    return {
      timeMs,
      kind: 'target',
      severity,
      onsetMs: this.#onsetMs,
      ratio: offBy(this.target, value),
      nats: 0,
      calls: this.isHeld ? 0 : Math.round(calls),
      quantiles: [],
      says: says(this.target, value, this.unit),
    };
  }

  /** What comes in bursts would be said with each. */
  get #comesBack(): boolean {
    return this.severity !== undefined && this.#raisedMs - this.#endedMs < this.target.windowMs;
  }

  #readLatest(timeMs: number): number | undefined {
    const recent = this.#comesBack ? undefined : this.#recent?.total(timeMs);
    if (recent !== undefined && isSurelyBelow(this.target.bound, recent)) return recent.part / recent.whole;
    const latest = this.#latest?.total(timeMs) ?? this.#window.total(timeMs, SLOTS / 2);
    return this.#read(latest, this.#latestMs);
  }

  #read(tally: Tally, lengthMs: number): number | undefined {
    const { statistic, minCalls, windowMs } = this.target;
    const value =
      statistic === 'value'
        ? this.level
        : read(statistic, tally, {
            count: this.isHeld ? 0 : Math.max(1, Math.ceil((minCalls * lengthMs) / windowMs)),
            seconds: lengthMs / 2000,
          });
    return value === undefined || statistic === 'rate' || statistic === 'ratio' ? value : value * this.factor;
  }

  #turn(state: TargetState, nowMs: number): void {
    if (state === this.state) return;
    this.state = state;
    this.sinceMs = nowMs;
  }
}

/** Tells whether a budget is not used up faster than so many times, as far as that can be told from the calls alone. */
function isSurelyBelow(bound: number, { count, part, whole }: Tally): boolean {
  return count > 0 && atMost(part, count, (bound * whole) / count) < DOUBT;
}

/** Calls or measurements; of a ratio what it is of. */
function restsOn({ count, whole }: Tally): number {
  return Math.max(count, whole);
}
