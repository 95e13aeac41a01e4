// Calls of one service that ended within one second, while more of them may come. A flood has hundreds of thousands a second,
// of which most are of the same operation and bin: beyond a thousand they are counted instead of listed.

const FIRST_ENTRIES = 16;
/** Listed calls at most. */
const MAX_ENTRIES = 1024;

export class OpenSecond {
  /** Since the epoch. */
  second: number;
  #entries = new Uint32Array(FIRST_ENTRIES);
  #count = 0;
  /** Counts by entry, of those that were listed before. */
  #counted: Map<number, number> | undefined;

  constructor(second: number) {
    this.second = second;
  }

  /** Empties it for another second. */
  begin(second: number): void {
    this.second = second;
    this.#count = 0;
    this.#counted = undefined;
  }

  /** @param entry a whole number of 32 bits; the same for calls that are alike */
  add(entry: number): void {
    if (this.#count === this.#entries.length) this.#makeRoom();
    this.#entries[this.#count++] = entry;
  }

  /** Gives each entry with its count, in no order, some of them more than once. */
  each(take: (entry: number, count: number) => void): void {
    for (let i = 0; i < this.#count; i++) take(this.#entries[i], 1);
    this.#counted?.forEach((count, entry) => take(entry, count));
  }

  #makeRoom(): void {
    if (this.#entries.length < MAX_ENTRIES) {
      const grown = new Uint32Array(2 * this.#entries.length);
      grown.set(this.#entries);
      this.#entries = grown;
      return;
    }
    const counted = (this.#counted ??= new Map());
    // Sorted, so that the map is asked once for each kind of call and not once for each call.
    const sorted = this.#entries.sort();
    for (let from = 0; from < sorted.length;) {
      let to = from + 1;
      while (to < sorted.length && sorted[to] === sorted[from]) to++;
      counted.set(sorted[from], (counted.get(sorted[from]) ?? 0) + to - from);
      from = to;
    }
    this.#count = 0;
  }
}
