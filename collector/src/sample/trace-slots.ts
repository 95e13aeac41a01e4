// Pending traces by their 128-bit id: columns, an index, and what the policies read.
import { copyInto } from '../otlp/columns.ts';
import { EMPTY, HashIndex } from '../otlp/hash-index.ts';
import { MAX_LOAD, NONE } from './span-slots.ts';

/** Bytes of columns, index, and the entry in the queue of deadlines that nearly every trace has. */
export const TRACE_SLOT_BYTES = 4 * 4 + 4 * 4 + 8 * 3 + 4 * 2 + 1 + 4 + 4 * 3 + 16;
const FIRST_CAPACITY = 2048;

/** Bits of `flags`. */
export const TRACE_ERROR = 1;
export const TRACE_HAS_ROOT = 2;
export const TRACE_HAS_RANDOM = 4;
/** Judged, and waiting for the end of a slice of the hard caps; no queue decides it meanwhile. */
export const TRACE_HELD = 8;

/**
 * Struct of arrays; slots are taken round and round, as those of spans. Each time a slot is taken or given back it has
 * a new generation, so that queues can tell: odd ones are in use.
 */
export class TraceSlots {
  id0 = new Uint32Array(FIRST_CAPACITY);
  id1 = new Uint32Array(FIRST_CAPACITY);
  id2 = new Uint32Array(FIRST_CAPACITY);
  id3 = new Uint32Array(FIRST_CAPACITY);
  /** The span that came last; each leads to the one before it. */
  head = new Int32Array(FIRST_CAPACITY);
  spanCount = new Uint32Array(FIRST_CAPACITY);
  sizeBytes = new Uint32Array(FIRST_CAPACITY);
  /** Bits of the span matchers that matched a span. */
  matched = new Uint32Array(FIRST_CAPACITY);
  /** Longest entry span in milliseconds. */
  longestMs = new Float64Array(FIRST_CAPACITY);
  /** Duration of the span without a parent; -1 until it comes. */
  rootMs = new Float64Array(FIRST_CAPACITY);
  /** Arrival of the first span, monotonic. */
  startMs = new Float64Array(FIRST_CAPACITY);
  /** Explicit randomness of the tracestate, where it has some. */
  randomHigh = new Uint32Array(FIRST_CAPACITY);
  randomLow = new Uint32Array(FIRST_CAPACITY);
  flags = new Uint8Array(FIRST_CAPACITY);
  generation = new Uint32Array(FIRST_CAPACITY);
  /** Traces in use. */
  count = 0;
  #index = new HashIndex(FIRST_CAPACITY);
  #cursor = 0;
  readonly #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
  }

  hash(id0: number, id1: number, id2: number, id3: number): number {
    return hashTraceId(id0, id1, id2, id3, this.#seed);
  }

  /** Finds a trace; NONE where it is not pending. */
  find(hash: number, id0: number, id1: number, id2: number, id3: number): number {
    const { slots, mask } = this.#index;
    for (let i = hash & mask; ; i = (i + 1) & mask) {
      const slot = slots[i];
      if (slot === EMPTY) return NONE;
      if (this.id3[slot] === id3 && this.id2[slot] === id2 && this.id1[slot] === id1 && this.id0[slot] === id0)
        return slot;
    }
  }

  /** Adds a trace that `find` did not find. */
  add(hash: number, id0: number, id1: number, id2: number, id3: number, nowMs: number): number {
    if (this.count >= this.flags.length * MAX_LOAD) this.#grow();
    const { generation } = this;
    const mask = generation.length - 1;
    let slot = this.#cursor;
    while ((generation[slot] & 1) !== 0) slot = (slot + 1) & mask;
    this.#cursor = (slot + 1) & mask;
    generation[slot]++;
    this.id0[slot] = id0;
    this.id1[slot] = id1;
    this.id2[slot] = id2;
    this.id3[slot] = id3;
    this.head[slot] = NONE;
    this.spanCount[slot] = this.sizeBytes[slot] = this.longestMs[slot] = this.flags[slot] = this.matched[slot] = 0;
    this.rootMs[slot] = -1;
    this.startMs[slot] = nowMs;
    this.#index.insert(slot, hash);
    this.count++;
    return slot;
  }

  remove(slot: number): void {
    this.#index.remove(slot);
    this.generation[slot]++;
    this.count--;
  }

  #grow(): void {
    this.#cursor = this.flags.length;
    const capacity = this.flags.length * 2;
    const u32 = (old: Uint32Array): Uint32Array<ArrayBuffer> => copyInto(new Uint32Array(capacity), old);
    this.id0 = u32(this.id0);
    this.id1 = u32(this.id1);
    this.id2 = u32(this.id2);
    this.id3 = u32(this.id3);
    this.head = copyInto(new Int32Array(capacity), this.head);
    this.spanCount = u32(this.spanCount);
    this.sizeBytes = u32(this.sizeBytes);
    this.matched = u32(this.matched);
    this.longestMs = copyInto(new Float64Array(capacity), this.longestMs);
    this.rootMs = copyInto(new Float64Array(capacity), this.rootMs);
    this.startMs = copyInto(new Float64Array(capacity), this.startMs);
    this.randomHigh = u32(this.randomHigh);
    this.randomLow = u32(this.randomLow);
    this.flags = copyInto(new Uint8Array(capacity), this.flags);
    this.generation = u32(this.generation);
    const old = this.#index.hashes;
    this.#index = new HashIndex(capacity);
    for (let slot = 0; slot < old.length; slot++)
      if ((this.generation[slot] & 1) !== 0) this.#index.insert(slot, old[slot] ?? 0);
  }
}

/** Hashes a trace id with a secret seed. */
export function hashTraceId(id0: number, id1: number, id2: number, id3: number, seed: number): number {
  let hash = Math.imul(id0 ^ seed, 0x9e3779b1) ^ id1;
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b) ^ id2;
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35) ^ id3;
  hash = Math.imul(hash ^ (hash >>> 16), 0x21f0aaad);
  return hash ^ (hash >>> 15);
}
