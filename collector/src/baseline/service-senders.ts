// The senders of one service. A second is complete once every sender has sent something newer, or once it is as long ago as
// senders are late. No sender holds the others up for longer than that.
import { MAX_LAG_MS, Sender } from './sender.ts';

/** Beyond the lag, for what is on its way. */
const SLACK_MS = 250;
/** So late nobody is left out: stock SDKs send each five seconds. */
const USUAL_LAG_MS = 10_000;
/** Nobody waits for a sender that is so many times later than half of the others. */
const OUTLYING = 2;
/** A sender that was silent for so long is forgotten. */
const FORGOTTEN_MS = 600_000;
/** Senders of a service that are told apart; where there are more, those silent for longest are forgotten. */
const MAX_SENDERS = 256;
/** And of all services, half a kilobyte each; beyond, a service keeps as many as it has, one at least. */
const MAX_OF_ALL = 8192;

/** Counts the senders of all services. */
export interface SenderCount {
  value: number;
}

export class ServiceSenders {
  readonly #byKey = new Map<number, Sender>();
  readonly #count: SenderCount;

  constructor(count: SenderCount) {
    this.#count = count;
  }

  /** The sender of a key, which is made where it is new. */
  of(key: number): Sender {
    let sender = this.#byKey.get(key);
    if (sender !== undefined) return sender;
    const { size } = this.#byKey;
    if (size >= MAX_SENDERS || (size > 0 && this.#count.value >= MAX_OF_ALL)) this.#forgetOne();
    sender = new Sender();
    this.#byKey.set(key, sender);
    this.#count.value++;
    return sender;
  }

  /** Forgets all of them, with their service. */
  clear(): void {
    this.#count.value -= this.#byKey.size;
    this.#byKey.clear();
  }

  /** How long after a second its last spans come, milliseconds. Of senders that are much later than others nothing is awaited. */
  lagMs(): number {
    let most = 0;
    for (const { lagMs } of this.#byKey.values()) most = Math.max(most, lagMs);
    return Math.min(most, most <= USUAL_LAG_MS ? most : this.#mostAwaitedMs()) + SLACK_MS;
  }

  /** All that ended before is here, seconds since the epoch; -Infinity where nobody can tell. */
  completeTo(nowMs: number): number {
    const mostMs = this.#byKey.size > 1 ? this.lagMs() : MAX_LAG_MS;
    let least = Infinity;
    for (const [key, sender] of this.#byKey) {
      if (this.#byKey.size > 1 && nowMs - sender.sentMs > FORGOTTEN_MS) this.#forget(key);
      else if (sender.lagMs <= mostMs && sender.isSending(nowMs)) least = Math.min(least, sender.completeTo);
    }
    return least === Infinity ? -Infinity : least;
  }

  /** The most of the lags that are awaited. */
  #mostAwaitedMs(): number {
    const lags = [...this.#byKey.values()].map(({ lagMs }) => lagMs).sort((a, b) => a - b);
    const usual = lags[(lags.length - 1) >> 1] ?? 0;
    const limit = Math.max(USUAL_LAG_MS, OUTLYING * usual);
    return lags.findLast((lag) => lag <= limit) ?? 0;
  }

  #forgetOne(): void {
    let [silent, sentMs] = [NaN, Infinity];
    for (const [key, sender] of this.#byKey) if (sender.sentMs < sentMs) [silent, sentMs] = [key, sender.sentMs];
    this.#forget(silent);
  }

  #forget(key: number): void {
    if (this.#byKey.delete(key)) this.#count.value--;
  }
}
