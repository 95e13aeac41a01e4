// The last so many of what was added.

/** Keeps the latest items; the oldest goes where there is no place. */
export class Ring<Item> {
  readonly #capacity: number;
  #items: Item[] = [];
  #next = 0;

  /** @param capacity 1 and above */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  add(item: Item): void {
    this.#items[this.#next] = item;
    this.#next = (this.#next + 1) % this.#capacity;
  }

  /** The oldest first; a copy. */
  all(): Item[] {
    return this.#items.length < this.#capacity
      ? [...this.#items]
      : [...this.#items.slice(this.#next), ...this.#items.slice(0, this.#next)];
  }

  clear(): void {
    this.#items = [];
    this.#next = 0;
  }
}
