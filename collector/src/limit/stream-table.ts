// Records of one size by a 128-bit key, over pages: extendible hashing, so that growth only ever splits one page.
// Knows nothing of what records say.
// @see Fagin et al. 1979, Extendible Hashing: A Fast Access Method for Dynamic Files
import { PAGE_BYTES, type StreamFile } from './stream-file.ts';

/** Four words of a keyed hash; nobody can make keys that share a page. */
export type StreamKey = readonly [number, number, number, number];

/** Words of a page before its records: how many there are. The second keeps what follows aligned. */
const HEAD_WORDS = 2;
const KEY_WORDS = 4;
/** 2^24 pages of 8 KiB are more than any file may have. */
const MAX_DEPTH = 24;

/** Where a record lies, until the next call of its table or another on the same file. */
export interface RecordView {
  readonly words: Uint32Array;
  readonly floats: Float64Array;
  /** Index in `words` of the first word after the key. */
  word: number;
  /** Index in `floats` of the same place. */
  float: number;
}

/** One table; several share a file. */
export class StreamTable {
  readonly #file: StreamFile;
  /** A record with its key; even, so that doubles are aligned. */
  readonly #recordWords: number;
  readonly #perPage: number;
  /** Page by the lowest bits of the first word of a key. */
  #directory = new Uint32Array(1);
  #depth = 0;
  /** Bits that all keys of a page share, by its place in `#pages`. */
  readonly #pageDepth = new Map<number, number>();
  /** Pages of this table, for sweeps. */
  readonly #pages: number[] = [];
  count = 0;

  /** @param recordFloats doubles of a record beside its key */
  constructor(file: StreamFile, recordFloats: number) {
    this.#file = file;
    this.#recordWords = KEY_WORDS + recordFloats * 2;
    this.#perPage = Math.floor((PAGE_BYTES / 4 - HEAD_WORDS) / this.#recordWords);
  }

  /** Bytes of a record, its key among them. */
  get recordBytes(): number {
    return this.#recordWords * 4;
  }

  get pages(): number {
    return this.#pages.length;
  }

  find(key: StreamKey): RecordView | undefined {
    if (this.count === 0) return undefined;
    const page = this.#file.page(this.#directory[this.#slot(key)]);
    const at = this.#place(page.words, key);
    return at < 0 ? undefined : viewOf(page, at);
  }

  /** What was found is to be kept as it is now. */
  changed(): void {
    this.#file.changed();
  }

  /** Adds a record of a key that is not there, its doubles 0. @returns undefined where the file has no room */
  add(key: StreamKey): RecordView | undefined {
    if (this.#pages.length === 0) {
      if (!this.#file.hasRoom) return undefined;
      this.#directory[0] = this.#newPage(0);
    }
    for (;;) {
      const number = this.#directory[this.#slot(key)];
      const page = this.#file.page(number);
      const used = page.words[0];
      if (used < this.#perPage) {
        const at = HEAD_WORDS + used * this.#recordWords;
        page.words.fill(0, at, at + this.#recordWords);
        page.words.set(key, at);
        page.words[0] = used + 1;
        this.#file.changed();
        this.count++;
        return viewOf(page, at);
      }
      if (!this.#split(number, key)) return undefined;
    }
  }

  /** @returns whether it was there */
  remove(key: StreamKey): boolean {
    if (this.count === 0) return false;
    const { words } = this.#file.page(this.#directory[this.#slot(key)]);
    const at = this.#place(words, key);
    if (at >= 0) this.#removeAt(words, at);
    return at >= 0;
  }

  /** Removes the records of one page that are to go. @param place 0..pages-1 @returns how many went */
  sweep(place: number, isToGo: (view: RecordView) => boolean): number {
    return this.#sweepPage(this.#pages[place], isToGo);
  }

  /** The same for the page on which a key belongs. */
  sweepAt(key: StreamKey, isToGo: (view: RecordView) => boolean): number {
    return this.#pages.length === 0 ? 0 : this.#sweepPage(this.#directory[this.#slot(key)], isToGo);
  }

  #sweepPage(number: number, isToGo: (view: RecordView) => boolean): number {
    const page = this.#file.page(number);
    let gone = 0;
    for (let i = page.words[0] - 1; i >= 0; i--) {
      const at = HEAD_WORDS + i * this.#recordWords;
      if (!isToGo(viewOf(page, at))) continue;
      this.#removeAt(page.words, at);
      gone++;
    }
    return gone;
  }

  #removeAt(words: Uint32Array, at: number): void {
    const last = HEAD_WORDS + --words[0] * this.#recordWords;
    words.copyWithin(at, last, last + this.#recordWords);
    this.#file.changed();
    this.count--;
  }

  #place(words: Uint32Array, [a, b, c, d]: StreamKey): number {
    const end = HEAD_WORDS + words[0] * this.#recordWords;
    for (let at = HEAD_WORDS; at < end; at += this.#recordWords)
      if (words[at] === a && words[at + 1] === b && words[at + 2] === c && words[at + 3] === d) return at;
    return -1;
  }

  #slot([first]: StreamKey): number {
    return first & (this.#directory.length - 1);
  }

  #newPage(depth: number): number {
    const number = this.#file.add();
    this.#pages.push(number);
    this.#pageDepth.set(number, depth);
    return number;
  }

  /** Halves a full page by one more bit of its keys; the directory doubles where it had no more bits. */
  #split(number: number, key: StreamKey): boolean {
    const depth = this.#pageDepth.get(number) ?? 0;
    if (!this.#file.hasRoom || depth === MAX_DEPTH) return false;
    if (depth === this.#depth) {
      const doubled = new Uint32Array(this.#directory.length * 2);
      doubled.set(this.#directory);
      doubled.set(this.#directory, this.#directory.length);
      this.#directory = doubled;
      this.#depth++;
    }
    const bit = 1 << depth;
    const sibling = this.#newPage(depth + 1);
    this.#pageDepth.set(number, depth + 1);
    for (let slot = (key[0] & (bit - 1)) | bit; slot < this.#directory.length; slot += bit * 2)
      this.#directory[slot] = sibling;
    const moved = this.#file.page(number).words.slice();
    const kept = this.#write(number, moved, bit, 0);
    const went = this.#write(sibling, moved, bit, bit);
    return kept + went > 0;
  }

  /** Writes of the records of a page those that have a bit so. */
  #write(number: number, records: Uint32Array, bit: number, wanted: number): number {
    const { words } = this.#file.page(number);
    let used = 0;
    for (let i = 0; i < records[0]; i++) {
      const at = HEAD_WORDS + i * this.#recordWords;
      if ((records[at] & bit) !== wanted) continue;
      words.set(records.subarray(at, at + this.#recordWords), HEAD_WORDS + used++ * this.#recordWords);
    }
    words[0] = used;
    this.#file.changed();
    return used;
  }
}

function viewOf({ words, floats }: Pick<RecordView, 'words' | 'floats'>, at: number): RecordView {
  const word = at + KEY_WORDS;
  return { words, floats, word, float: word / 2 };
}
