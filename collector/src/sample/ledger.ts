// Decisions of the recent past by trace id, so that late spans follow them and `why` has an answer.
// Bounded: two generations, of which the older is given up as a whole, so that no entry is ever removed by itself.
import assert from 'node:assert/strict';
import {
  type DecisionRecord,
  isKeptRecord,
  readRecord,
  RECORD_BYTES,
  RECORD_WORDS,
  type Records,
  recordsOver,
  secondsOf,
  writeRecord,
} from './ledger-record.ts';
import { hexId, idRandomHigh, idRandomLow } from '../otlp/trace-id.ts';
import { hashTraceId } from './trace-slots.ts';

export type { DecisionRecord } from './ledger-record.ts';

/** Decisions that memory gives up; the buffer belongs to whoever takes them. */
export interface RetiredDecisions {
  /** Records as ledger-record.ts has them, in the order of their decision; room for more may follow. */
  readonly records: ArrayBuffer;
  readonly count: number;
  /** Unix seconds of the first and the last of them. */
  readonly firstSeconds: number;
  readonly lastSeconds: number;
}

interface Generation {
  records: Records;
  count: number;
  /** Which of each pair of slots is its own. */
  readonly side: 0 | 1;
}

/** Rows of a generation are told by 22 bits; the upper 10 bits of the hash save nearly every look at a foreign id. */
const ROW_MASK = 0x3fffff;
const TAG_MASK = ~ROW_MASK;
const MAX_ROWS = ROW_MASK - 1;
/** Slots a row at least: with it, a decision costs at most 64 bytes, and a search looks at few slots. */
const SLOTS_A_ROW = 1.5;
/** Slots to begin with. Rows come at random places, so that a few thousand touch every page of what is set aside. */
const FIRST_SLOTS = 2 ** 15;
/** Beyond it they grow to their end at once, from rows that are put in anew in some 10 ms. */
const DOUBLED_SLOTS = 2 ** 18;
/** Where they end beyond this, for more than the usual number of decisions, they are all there from the beginning. */
const GROWN_SLOTS = 2 ** 20;
/**
 * Decisions looked at for the trace that another was kept for: a few milliseconds, and 20 s back where 10 000 traces a
 * second are decided. A link that waited longer than that leaves the trace it leads to unnamed.
 */
const LOOK_BACK = 200_000;

/** 52 bytes a decision and 6 to 12 of index. Between one half and all of `maxDecisions` are remembered. */
export class Ledger {
  /** Takes what memory gives up; without one it is forgotten. */
  retire: ((decisions: RetiredDecisions) => void) | undefined;
  readonly #rows: number;
  readonly #maxSlots: number;
  #mask: number;
  readonly #seed: number;
  /**
   * Pairs of slots, one for each generation, so that both are looked at with one read of memory. 0 where free, else row + 1
   * and, above it, a tag of the hash. They grow with the first generation, as a search looks at no more of them for it.
   */
  #slots: Uint32Array;
  #young: Generation;
  #old: Generation | undefined;
  /** Rows of the younger generation are counted from here: 0 or #rows, turn by turn, so that a row tells where it is. */
  #base = 0;
  #hasForgotten = false;

  /** @param maxDecisions 2..2^22 */
  constructor(maxDecisions: number, seed: number) {
    this.#rows = Math.min(MAX_ROWS, Math.ceil(maxDecisions / 2));
    this.#maxSlots = 2 ** Math.ceil(Math.log2(this.#rows * SLOTS_A_ROW));
    this.#mask = (this.#maxSlots > GROWN_SLOTS ? this.#maxSlots : Math.min(FIRST_SLOTS, this.#maxSlots)) - 1;
    this.#seed = seed;
    this.#slots = new Uint32Array(2 * (this.#mask + 1));
    this.#young = this.#generation(0);
  }

  get count(): number {
    return this.#young.count + (this.#old?.count ?? 0);
  }

  /** Memory in use; what was set aside but never written to is none. */
  get sizeBytes(): number {
    return this.count * RECORD_BYTES + ((this.#old === undefined ? 1 : 2) * this.#slots.byteLength) / 2;
  }

  /** Whether anything was given up yet; until then memory knows every decision of its time. */
  get hasForgotten(): boolean {
    return this.#hasForgotten;
  }

  /** When the oldest decision in memory was taken, Unix milliseconds; undefined where there is none. */
  get oldestMs(): number | undefined {
    const oldest = this.#old ?? this.#young;
    return oldest.count === 0 ? undefined : secondsOf(oldest.records, 0) * 1000;
  }

  /** Remembers a decision of a trace that has none. */
  add(id0: number, id1: number, id2: number, id3: number, record: DecisionRecord): void {
    if (this.#young.count === this.#rows) this.#turn();
    if (this.#mask + 1 < this.#maxSlots && this.#young.count * SLOTS_A_ROW >= this.#mask) this.#grow();
    const { records } = this.#young;
    const row = this.#young.count++;
    const { words } = records;
    const at = row * RECORD_WORDS;
    words[at] = id0;
    words[at + 1] = id1;
    words[at + 2] = id2;
    words[at + 3] = id3;
    writeRecord(records, row, record);
    this.#index(row, hashTraceId(id0, id1, id2, id3, this.#seed));
  }

  /** Finds the row of a trace; -1 where it is unknown or forgotten. Rows are good until the next `add`. */
  find(id0: number, id1: number, id2: number, id3: number): number {
    const hash = hashTraceId(id0, id1, id2, id3, this.#seed);
    const young = this.#search(this.#young, hash, id0, id1, id2, id3);
    if (young >= 0) return young + this.#base;
    if (this.#old === undefined) return -1;
    const old = this.#search(this.#old, hash, id0, id1, id2, id3);
    return old < 0 ? -1 : old + this.#rows - this.#base;
  }

  isKept(row: number): boolean {
    return isKeptRecord(this.#generationOf(row).records, row % this.#rows);
  }

  /** Reads a decision found before. */
  read(row: number): DecisionRecord {
    return readRecord(this.#generationOf(row).records, row % this.#rows);
  }

  /**
   * Finds the id of a trace that was decided before another.
   *
   * @param row of the other
   * @param high the last 56 bits of the id as randomness has them, upper 28
   * @param low the lower 28
   * @returns undefined where it is not among the LOOK_BACK decisions before
   */
  idBefore(row: number, high: number, low: number): string | undefined {
    let generation = this.#generationOf(row);
    let before = row % this.#rows;
    for (let left = LOOK_BACK; left > 0; left--) {
      if (before === 0) {
        if (generation !== this.#young || this.#old === undefined) return undefined;
        generation = this.#old;
        before = generation.count;
      }
      const at = --before * RECORD_WORDS;
      const { words } = generation.records;
      if (idRandomLow(words[at + 3]) === low && idRandomHigh(words[at + 2], words[at + 3]) === high)
        return hexId(words[at], words[at + 1], words[at + 2], words[at + 3]);
    }
    return undefined;
  }

  /** Gives up everything, oldest first, as at the end of the process. */
  retireAll(): void {
    const generations = [this.#old, this.#young];
    this.#old = undefined;
    this.#slots.fill(0);
    this.#young = this.#generation(0);
    this.#hasForgotten = true;
    for (const each of generations) if (each !== undefined) this.#retire(each);
  }

  #index(row: number, hash: number): void {
    const { side } = this.#young;
    const slots = this.#slots;
    const mask = this.#mask;
    let i = hash & mask;
    while (slots[2 * i + side] !== 0) i = (i + 1) & mask;
    slots[2 * i + side] = (hash & TAG_MASK) | (row + 1);
  }

  /** Only before the first turn, which no generation reaches without all slots. */
  #grow(): void {
    assert(this.#old === undefined, 'slots of two generations cannot grow');
    const doubled = 2 * (this.#mask + 1);
    this.#mask = (doubled > DOUBLED_SLOTS ? this.#maxSlots : doubled) - 1;
    this.#slots = new Uint32Array(2 * (this.#mask + 1));
    const { records, count } = this.#young;
    const { words } = records;
    for (let row = 0; row < count; row++) {
      const at = row * RECORD_WORDS;
      this.#index(row, hashTraceId(words[at], words[at + 1], words[at + 2], words[at + 3], this.#seed));
    }
  }

  #search({ records: { words }, side }: Generation, hash: number, a: number, b: number, c: number, d: number): number {
    const mask = this.#mask;
    const slots = this.#slots;
    for (let i = hash & mask; ; i = (i + 1) & mask) {
      const slot = slots[2 * i + side];
      if (slot === 0) return -1;
      if (((slot ^ hash) & TAG_MASK) !== 0) continue;
      const row = (slot & ROW_MASK) - 1;
      const at = row * RECORD_WORDS;
      if (words[at] === a && words[at + 1] === b && words[at + 2] === c && words[at + 3] === d) return row;
    }
  }

  /** The older generation goes, the younger is the older one, and a new one begins. */
  #turn(): void {
    const gone = this.#old;
    this.#old = this.#young;
    this.#base = this.#rows - this.#base;
    if (gone === undefined) {
      this.#young = this.#generation(1);
      return;
    }
    this.#hasForgotten = true;
    if (this.retire !== undefined) {
      this.#retire(gone);
      gone.records = this.#records();
    }
    for (let i = gone.side; i < this.#slots.length; i += 2) this.#slots[i] = 0;
    gone.count = 0;
    this.#young = gone;
  }

  #retire({ records, count }: Generation): void {
    if (count === 0) return;
    const firstSeconds = secondsOf(records, 0);
    const lastSeconds = secondsOf(records, count - 1);
    this.retire?.({ records: records.words.buffer as ArrayBuffer, count, firstSeconds, lastSeconds });
  }

  #generationOf(row: number): Generation {
    const isYoung = row >= this.#base && row < this.#base + this.#rows;
    return isYoung || this.#old === undefined ? this.#young : this.#old;
  }

  #generation(side: 0 | 1): Generation {
    return { records: this.#records(), count: 0, side };
  }

  #records(): Records {
    return recordsOver(new ArrayBuffer(this.#rows * RECORD_BYTES));
  }
}
