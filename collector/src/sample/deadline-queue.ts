// First in, first out queue of (slot, generation, deadline): with one wait for all, deadlines come in order.

const FIRST_CAPACITY = 1024;
/** Entries, beyond as many again as wait, that may be of those that no longer do; below, they are not worth a look. */
export const SPARE_ENTRIES = 1024;

/** A ring that grows, and shrinks where entries are let go of. */
export class DeadlineQueue {
  #slot = new Uint32Array(FIRST_CAPACITY);
  #generation = new Uint32Array(FIRST_CAPACITY);
  #deadlineMs = new Float64Array(FIRST_CAPACITY);
  #first = 0;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  push(slot: number, generation: number, deadlineMs: number): void {
    if (this.#count === this.#slot.length) this.#resize(this.#slot.length * 2);
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

  /**
   * Lets go of entries of those that no longer wait, where they are the most. Each look at all entries takes away half of
   * them or more, so that it costs each entry little.
   *
   * @param waiting how many wait, each with one entry here at most
   * @param generation by slot, of those that wait
   */
  trim(waiting: number, generation: Uint32Array): void {
    if (this.#count > 2 * waiting + SPARE_ENTRIES) this.#sweep(generation);
  }

  #sweep(generation: Uint32Array): void {
    const mask = this.#slot.length - 1;
    let kept = 0;
    for (let n = 0; n < this.#count; n++) {
      const from = (this.#first + n) & mask;
      if (generation[this.#slot[from]] !== this.#generation[from]) continue;
      const to = (this.#first + kept++) & mask;
      this.#slot[to] = this.#slot[from];
      this.#generation[to] = this.#generation[from];
      this.#deadlineMs[to] = this.#deadlineMs[from];
    }
    this.#count = kept;
    // Half empty at least, so that it does not grow again at once.
    let capacity = this.#slot.length;
    while (capacity > FIRST_CAPACITY && capacity >= 4 * kept) capacity /= 2;
    if (capacity < this.#slot.length) this.#resize(capacity);
  }

  #resize(capacity: number): void {
    const turned = <T extends Uint32Array | Float64Array>(old: T, made: T): T => {
      const head = old.subarray(this.#first, this.#first + this.#count);
      made.set(head);
      made.set(old.subarray(0, this.#count - head.length), head.length);
      return made;
    };
    this.#slot = turned(this.#slot, new Uint32Array(capacity));
    this.#generation = turned(this.#generation, new Uint32Array(capacity));
    this.#deadlineMs = turned(this.#deadlineMs, new Float64Array(capacity));
    this.#first = 0;
  }
}
