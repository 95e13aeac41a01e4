// Whether data is being lost, by a count that grows. Pure: one look a second.

/** A loss that goes on comes again within this, as far as what counts it works by the second. */
const QUIET_MS = 30_000;

export class LossWatch {
  readonly #quietMs: number;
  #total: number | undefined;
  #lastMs: number;

  /** @param sinceMs it was losing then, before this program started; @param quietMs without a loss, after which it is over */
  constructor(sinceMs = -Infinity, quietMs = QUIET_MS) {
    this.#lastMs = sinceMs;
    this.#quietMs = quietMs;
  }

  /** @param total lost since this program started @returns whether something is lost of late */
  look(nowMs: number, total: number): boolean {
    // What was counted before the first look was lost at a time when nobody looked.
    if (total > (this.#total ?? 0)) this.#lastMs = nowMs;
    this.#total = total;
    return nowMs - this.#lastMs < this.#quietMs;
  }
}
