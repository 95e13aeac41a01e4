// One violation from its beginning to its end, of one operation and one kind.
import type { Change, Ratio, Severity, ViolationKind } from './contract.ts';
import { severityOf } from './severity.ts';

/** A ratio that was said is corrected after so long at first, and when its interval is so much narrower. */
const FIRST_CORRECTION_MS = 20_000;
const NARROWED = 0.7;

/** What is known of a violation at some time. */
export interface Known extends Pick<Change, 'ratio' | 'nats'>, Partial<Pick<Change, 'calls' | 'quantiles'>> {
  /** Where the ratio does not say it. */
  readonly severity?: Severity;
}

export class ViolationState {
  readonly kind: ViolationKind;
  readonly onsetMs: number;
  #severity: Severity | undefined;
  #known: Known = { ratio: { value: 1, low: 0, high: Infinity }, nats: 0 };
  /** What was said last, and when the next correction of it may be. */
  #said: Ratio | undefined;
  #raisedMs = NaN;
  #correctMs = NaN;

  constructor(kind: ViolationKind, onsetMs: number) {
    this.kind = kind;
    this.onsetMs = onsetMs;
  }

  /** Says how far off it is now. @returns what changed, if it is another severity than before */
  update(timeMs: number, known: Known): Change | undefined {
    const { ratio, severity = severityOf(ratio, this.#severity) } = known;
    this.#known = { ...known, nats: Math.max(this.#known.nats, known.nats) };
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

  snapshot() {
    const { kind, onsetMs } = this;
    return {
      kind,
      onsetMs,
      severity: this.#severity,
      known: this.#known,
      said: this.#said,
      raisedMs: this.#raisedMs,
      correctMs: this.#correctMs,
    };
  }

  static restored(saved: ReturnType<ViolationState['snapshot']>): ViolationState {
    const state = new ViolationState(saved.kind, saved.onsetMs);
    state.#severity = saved.severity;
    state.#known = saved.known;
    state.#said = saved.said;
    [state.#raisedMs, state.#correctMs] = [saved.raisedMs, saved.correctMs];
    return state;
  }

  get severity(): Severity | undefined {
    return this.#severity;
  }

  #change(timeMs: number, severity: Severity | 'none'): Change {
    const { ratio, nats, calls = 0, quantiles = [] } = this.#known;
    return { timeMs, kind: this.kind, severity, onsetMs: this.onsetMs, ratio, nats, calls, quantiles };
  }
}
