// Arrivals of each second against a target: the share that may be kept of a second's traces, known before any of their
// randomness is read, because what arrives is known seconds before it is decided.

/** No share is smaller, so that estimates still learn of traffic: one trace in ten thousand shows that there is some. */
export const LEAST_RATIO = 1e-4;
/** Seconds of arrivals remembered; a trace that waits longer counts to the oldest. */
const SECONDS = 256;
/**
 * What was kept over the last seconds corrects the share a little each second: traces grow after they were counted. It acts
 * on decisions and is read from decisions, so it does not lag behind as the traffic's steps would make it.
 */
const CORRECTION = { seconds: 10, gain: 0.1, least: 0.5, most: 1.5 };
/** Weight of the newest second in the share of arrivals that must be kept. */
const NEWEST = 0.25;

/** One unit, spans or bytes, of traffic that is sampled together, against its target. */
export class Account {
  /** A second; who shares one target out among several accounts sets it anew for each second of arrival. */
  target: number;
  /** What each second of decisions is to keep, whatever `aim` adds. */
  readonly #standingAim: number;
  /** Of traces by the second of their first span. */
  readonly #arrived = new Float64Array(SECONDS);
  /** Of them, what was decided, and what was aimed at for it. */
  readonly #judged = new Float64Array(SECONDS);
  readonly #credited = new Float64Array(SECONDS);
  /** Of traces by the second of their decision: what was kept, and what was to be kept. */
  readonly #kept = new Float64Array(SECONDS);
  readonly #aimed = new Float64Array(SECONDS);
  /** Decided in the second at hand, and how much of it had to be kept. */
  #decided = 0;
  #forced = 0;
  /** Of what is decided, by earlier seconds. */
  #forcedRatio = 0;
  #correction = 1;
  /** Whether the share was below 1 in the second at hand, so that the target was what held the traffic down. */
  #binds = false;
  /** Seconds in a row in which it was. */
  #boundSeconds = 0;
  /** What must be kept finds room for so long at the target; more than the same seconds are not saved up. */
  #room: number;

  /** @param standingAim 0 for who tells by `aim` how much of the target is asked for at all */
  constructor(target: number, standingAim = target) {
    this.target = target;
    this.#standingAim = standingAim;
    this.#room = target * CORRECTION.seconds;
  }

  /** Begins a second. */
  turn(second: number): void {
    const at = second % SECONDS;
    this.#arrived[at] = this.#judged[at] = this.#credited[at] = this.#kept[at] = 0;
    this.#aimed[at] = this.#standingAim;
    if (this.#decided > 0) this.#forcedRatio += NEWEST * (this.#forced / this.#decided - this.#forcedRatio);
    this.#decided = this.#forced = 0;
    this.#room = Math.min(this.target * CORRECTION.seconds, this.#room + this.target);
    this.#boundSeconds = this.#binds ? this.#boundSeconds + 1 : 0;
    // Before that, seconds in which nothing was decided yet would look as if there were room.
    if (this.#boundSeconds >= CORRECTION.seconds) this.#correct(second);
    this.#binds = false;
  }

  /** Counts what came to a trace that began in a second; less than nothing where it turned out to belong elsewhere. */
  arrive(second: number, size: number): void {
    this.#arrived[second % SECONDS] += size;
  }

  /** What traces of a second bring, as far as it is known. */
  demand(second: number, nowSecond: number): number {
    const counted = this.#arrived[second % SECONDS];
    // A second that is not over has not shown all it brings.
    return second < nowSecond ? counted : Math.max(counted, this.#arrived[(second + SECONDS - 1) % SECONDS]);
  }

  /** The share to keep of the traces of a second that need not be kept; may be above 1 or below 0. */
  ratio(second: number, nowSecond: number): number {
    const arrived = this.demand(second, nowSecond);
    const rest = arrived * (1 - this.#forcedRatio);
    if (rest <= 0) return 1;
    const ratio = ((this.target - arrived * this.#forcedRatio) / rest) * this.#correction;
    this.#binds ||= ratio < 1;
    return ratio;
  }

  /** Learns from a decision how much must be kept. */
  decide(size: number, isForced: boolean): void {
    this.#decided += size;
    if (isForced) this.#forced += size;
  }

  keep(second: number, size: number): void {
    this.#kept[second % SECONDS] += size;
  }

  /**
   * Adds a decided trace's part of what is aimed at for the traces of its second.
   *
   * @param nowSecond of the decision
   * @param whole what is aimed at for all traces of the second; once as much is decided as they brought, it is added whole
   */
  aim(second: number, nowSecond: number, size: number, whole: number): void {
    const at = second % SECONDS;
    const arrived = this.demand(second, nowSecond);
    if (arrived <= 0) return;
    const judged = (this.#judged[at] += size);
    const credited = whole * Math.min(1, judged / arrived);
    this.#aimed[nowSecond % SECONDS] += credited - this.#credited[at];
    this.#credited[at] = credited;
  }

  /** Makes room for what must be kept. @returns false where there is none: it goes beyond the target */
  makeRoom(size: number): boolean {
    if (size > this.#room) return false;
    this.#room -= size;
    return true;
  }

  #correct(second: number): void {
    const { seconds, gain, least, most } = CORRECTION;
    let kept = 0;
    let aimed = 0;
    for (let i = 1; i <= seconds; i++) {
      kept += this.#kept[(second - i + SECONDS) % SECONDS];
      aimed += this.#aimed[(second - i + SECONDS) % SECONDS];
    }
    if (aimed <= 0) return;
    const over = Math.min(1, kept / aimed - 1);
    this.#correction = Math.min(most, Math.max(least, this.#correction * (1 - gain * over)));
  }
}

/** Accounts that step from second to second together. */
export class AccountSeconds {
  /** The second at hand, monotonic; -1 before the first. */
  now = -1;
  readonly #accounts: readonly Account[];

  constructor(accounts: readonly Account[]) {
    this.#accounts = accounts;
  }

  /** The second to which a trace counts that began then. */
  of(startMs: number): number {
    return Math.max(Math.floor(startMs / 1000), this.now - SECONDS + 1);
  }

  /** Steps to the second at hand; seconds without traffic count as empty. @returns whether one began */
  turn(nowMs: number): boolean {
    const second = Math.floor(nowMs / 1000);
    if (second <= this.now) return false;
    const first = this.now < 0 ? second : Math.max(this.now + 1, second - SECONDS + 1);
    for (let each = first; each <= second; each++) for (const account of this.#accounts) account.turn(each);
    this.now = second;
    return true;
  }
}
