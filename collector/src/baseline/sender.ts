// One sender of spans of a service, an instance of it mostly: how late it sends, and up to when all it has is here. Pure.

/** A sender that is later than this is late. */
export const MAX_LAG_MS = 40_000;
/** What is known of late is the most of so many slices of time in which it sent, so that one late batch is soon forgotten. */
const SLICES = 12;
const SLICE_MS = 10_000;
/** Before so many batches nothing is known of the order they come in. */
const KNOWN_BATCHES = 3;
/** A sender that pauses for longer is as good as one that has ended. */
const MAX_PAUSE_MS = 60_000;
/** It is left out once it was silent for so many times its longest pause. */
const PATIENCE = 2;

/** The most that something was of late. */
class LatelyMost {
  /** Not typed: of so few numbers that would take three times as much. */
  readonly #slices = Array.from({ length: SLICES }, () => 0);
  #slice = -Infinity;
  #at = 0;
  value = 0;

  note(value: number, nowMs: number): void {
    const slice = Math.floor(nowMs / SLICE_MS);
    if (slice > this.#slice) {
      this.#slice = slice;
      this.#at = (this.#at + 1) % SLICES;
      this.#slices[this.#at] = 0;
      this.value = Math.max(...this.#slices);
    }
    if (value > this.#slices[this.#at]) this.#slices[this.#at] = value;
    if (value > this.value) this.value = value;
  }
}

export class Sender {
  /** Ends of the batch that is being taken, seconds since the epoch: the oldest, Infinity between batches, and the newest. */
  oldest = Infinity;
  newest = -Infinity;
  /** When its last batch came; NaN before any. */
  sentMs = NaN;
  readonly #lag = new LatelyMost();
  readonly #pause = new LatelyMost();
  /** Seconds by which an end was older than one of an earlier batch. */
  readonly #disorder = new LatelyMost();
  #newestBefore = -Infinity;
  #batches = 0;

  /** Ends the batch that is being taken. */
  endBatch(nowMs: number): void {
    this.#lag.note(Math.min(MAX_LAG_MS, Math.max(0, nowMs - this.oldest * 1000)), nowMs);
    if (this.#batches++ > 0) {
      this.#pause.note(Math.min(MAX_PAUSE_MS, nowMs - this.sentMs), nowMs);
      this.#disorder.note(Math.max(0, this.#newestBefore - this.oldest), nowMs);
    }
    // A clock that is ahead says nothing of what is still to come.
    this.#newestBefore = Math.max(this.#newestBefore, Math.min(this.newest, nowMs / 1000));
    this.oldest = Infinity;
    this.newest = -Infinity;
    this.sentMs = nowMs;
  }

  /** How long after a call ended its span comes, at most. */
  get lagMs(): number {
    return this.#lag.value;
  }

  /** All that ended before is here, as it sends in the order in which calls end; seconds since the epoch. */
  get completeTo(): number {
    return this.#batches < KNOWN_BATCHES ? -Infinity : this.#newestBefore - this.#disorder.value;
  }

  /** Whether it sends, as far as its pauses tell. */
  isSending(nowMs: number): boolean {
    return nowMs - this.sentMs <= PATIENCE * Math.max(this.#lag.value, this.#pause.value);
  }
}
