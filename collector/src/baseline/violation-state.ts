// One violation from its beginning to its end, of one operation and one kind.
import type { Ratio, Severity, ViolationKind } from './contract.ts';
import { severityOf } from './severity.ts';

/** A ratio that was said is corrected after so long at first, and when its interval is so much narrower. */
const FIRST_CORRECTION_MS = 20_000;
const NARROWED = 0.7;

/** What is said when something begins, changes or ends. */
export interface Change {
  readonly timeMs: number;
  readonly kind: ViolationKind;
  /** `none` when it is over. */
  readonly severity: Severity | 'none';
  readonly onsetMs: number;
  readonly ratio: Ratio;
  /** Evidence against chance, nats. */
  readonly nats: number;
}

export class ViolationState {
  readonly kind: ViolationKind;
  readonly onsetMs: number;
  #severity: Severity | undefined;
  #ratio: Ratio = { value: 1, low: 0, high: Infinity };
  #nats = 0;
  /** What was said last, and when the next correction of it may be. */
  #said: Ratio | undefined;
  #raisedMs = NaN;
  #correctMs = NaN;

  constructor(kind: ViolationKind, onsetMs: number) {
    this.kind = kind;
    this.onsetMs = onsetMs;
  }

  /** Says how far off it is now. @returns what changed, if it is another severity than before */
  update(timeMs: number, ratio: Ratio, nats: number, severity = severityOf(ratio, this.#severity)): Change | undefined {
    this.#ratio = ratio;
    this.#nats = Math.max(this.#nats, nats);
    if (severity === this.#severity && !this.#isCorrected(timeMs, ratio)) return undefined;
    if (this.#severity === undefined) this.#raisedMs = timeMs;
    this.#severity = severity;
    this.#said = ratio;
    // Each correction may come after twice the time of the one before.
    this.#correctMs = this.#raisedMs + Math.max(FIRST_CORRECTION_MS, 2 * (timeMs - this.#raisedMs));
    return this.#change(timeMs, severity);
  }

  /** Whether more is known than when it was said: the interval is much narrower, or says something else. */
  #isCorrected(timeMs: number, { value, low, high }: Ratio): boolean {
    const said = this.#said;
    if (said === undefined || timeMs < this.#correctMs || this.#severity === 'emergency') return false;
    const narrowed = Math.log(high / low) < NARROWED * Math.log(said.high / said.low);
    return narrowed || value < said.low || value > said.high || said.value < low || said.value > high;
  }

  end(timeMs: number): Change {
    return this.#change(timeMs, 'none');
  }

  get severity(): Severity | undefined {
    return this.#severity;
  }

  #change(timeMs: number, severity: Severity | 'none'): Change {
    return { timeMs, kind: this.kind, severity, onsetMs: this.onsetMs, ratio: this.#ratio, nats: this.#nats };
  }
}
