// First in, first out queue of (slot, generation, deadline): with one wait for all, deadlines come in order.

/** A growing ring. */
export class DeadlineQueue {
  #slot = new Uint32Array(1024);
  #generation = new Uint32Array(1024);
  #deadlineMs = new Float64Array(1024);
  #first = 0;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  push(slot: number, generation: number, deadlineMs: number): void {
    if (this.#count === this.#slot.length) this.#grow();
    const i = (this.#first + this.#count++) & (this.#slot.length - 1);
    this.#slot[i] = slot;
    this.#generation[i] = generation;
    this.#deadlineMs[i] = deadlineMs;
  }

  /** Deadline of the first entry; Infinity when empty. */
  get nextMs(): number {
    return this.#count === 0 ? Infinity : (this.#deadlineMs[this.#first] ?? Infinity);
  }

  get slot(): number {
    return this.#slot[this.#first] ?? 0;
  }

  get generation(): number {
    return this.#generation[this.#first] ?? 0;
  }

  shift(): void {
    this.#first = (this.#first + 1) & (this.#slot.length - 1);
    this.#count--;
  }

  #grow(): void {
    const { length } = this.#slot;
    const turned = <T extends Uint32Array | Float64Array>(old: T, grown: T): T => {
      grown.set(old.subarray(this.#first));
      grown.set(old.subarray(0, this.#first), length - this.#first);
      return grown;
    };
    this.#slot = turned(this.#slot, new Uint32Array(length * 2));
    this.#generation = turned(this.#generation, new Uint32Array(length * 2));
    this.#deadlineMs = turned(this.#deadlineMs, new Float64Array(length * 2));
    this.#first = 0;
  }
}
