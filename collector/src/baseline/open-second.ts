// Calls of one service that ended within one second, while more of them may come. A flood has hundreds of thousands a second,
// of which most are of the same operation and bin: beyond a thousand they are counted instead of listed.

const FIRST_ENTRIES = 16;
/** Listed calls at most. */
const MAX_ENTRIES = 1024;

/** Entries in ascending order, each once, and how many of each. */
class Counted {
  entries = new Uint32Array(FIRST_ENTRIES);
  counts = new Uint32Array(FIRST_ENTRIES);
  length = 0;

  push(entry: number, count: number): void {
    if (this.length === this.entries.length) {
      [this.entries, this.counts] = [doubled(this.entries), doubled(this.counts)];
    }
    this.entries[this.length] = entry;
    this.counts[this.length++] = count;
  }
}

export class OpenSecond {
  /** Since the epoch. */
  second: number;
  #listed = new Uint32Array(FIRST_ENTRIES);
  #count = 0;
  /** What was listed before; and room for the next merging. */
  #counted: Counted | undefined;
  #spare: Counted | undefined;

  constructor(second: number) {
    this.second = second;
  }

  /** Empties it for another second. What a flood made large is given back. */
  begin(second: number): void {
    this.second = second;
    this.#count = 0;
    this.#counted = this.#spare = undefined;
  }

  /** @param entry a whole number of 32 bits; the same for calls that are alike */
  add(entry: number): void {
    if (this.#count === this.#listed.length) this.#makeRoom();
    this.#listed[this.#count++] = entry;
  }

  /** Gives each entry with its count, in no order, some of them more than once. */
  each(take: (entry: number, count: number) => void): void {
    for (let i = 0; i < this.#count; i++) take(this.#listed[i], 1);
    const counted = this.#counted;
    if (counted === undefined) return;
    for (let i = 0; i < counted.length; i++) take(counted.entries[i], counted.counts[i]);
  }

  #makeRoom(): void {
    if (this.#listed.length < MAX_ENTRIES) {
      this.#listed = doubled(this.#listed);
      return;
    }
    const before = (this.#counted ??= new Counted());
    const after = (this.#spare ??= new Counted());
    after.length = 0;
    merge(before, this.#listed.sort(), after);
    [this.#counted, this.#spare] = [after, before];
    this.#count = 0;
  }
}

/** Adds calls in ascending order to what was counted. @param into empty */
function merge(before: Counted, sorted: Uint32Array, into: Counted): void {
  let b = 0;
  for (let from = 0; from < sorted.length;) {
    const entry = sorted[from];
    let to = from + 1;
    while (to < sorted.length && sorted[to] === entry) to++;
    while (b < before.length && before.entries[b] < entry) into.push(before.entries[b], before.counts[b++]);
    const known = b < before.length && before.entries[b] === entry ? before.counts[b++] : 0;
    into.push(entry, known + to - from);
    from = to;
  }
  while (b < before.length) into.push(before.entries[b], before.counts[b++]);
}

function doubled(array: Uint32Array): Uint32Array<ArrayBuffer> {
  const grown = new Uint32Array(2 * array.length);
  grown.set(array);
  return grown;
}
