// When a violation is over: one way of being normal explains the calls of late better than what it had become.

/** Evidence of being normal that ends a violation, nats; and what one second may add. */
const ENOUGH = 9;
const SECOND_CAP = 1;
/** From this on more speaks for being normal than chance does. */
const DOUBT = 3;

export class Recovery {
  readonly #nats: Float64Array;

  /** @param nulls ways of being normal */
  constructor(nulls: number) {
    this.#nats = new Float64Array(nulls);
  }

  /** Adds a second's log-likelihood of one way of being normal against what it had become. */
  take(which: number, gain: number): void {
    this.#nats[which] = Math.max(0, this.#nats[which] + Math.min(SECOND_CAP, gain));
  }

  get isOver(): boolean {
    return this.#most() >= ENOUGH;
  }

  get isDoubtful(): boolean {
    return this.#most() >= DOUBT;
  }

  snapshot(): Float64Array {
    return this.#nats.slice();
  }

  /** Of as many ways of being normal; those of another program may be others, and it begins anew. */
  restore(saved: Float64Array): void {
    if (saved.length === this.#nats.length) this.#nats.set(saved);
  }

  #most(): number {
    let most = 0;
    for (const nats of this.#nats) most = Math.max(most, nats);
    return most;
  }
}
