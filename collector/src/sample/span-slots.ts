// Places of pending spans in the arena: columns, linked into one list a trace, newest first.
// Slots are taken round and round, so that spans that came together stand together and are decided together: a free list
// would scatter them in the course of time, and then each access to a column is a cache miss.
import type { Arena } from '../otlp/arena.ts';
import { copyInto } from '../otlp/columns.ts';

/** Ends a list. */
export const NONE = -1;
/** Bytes of columns a span takes. */
export const SPAN_SLOT_BYTES = 2 + 4 + 4 + 2 + 1 + 4;
const FIRST_CAPACITY = 4096;

/** Slots in use at most, as a share; the rest keeps the way to the next free slot short. */
export const MAX_LOAD = 7 / 8;

/** Struct of arrays; a free slot has length 0. Grows by doubling, never beyond what the byte budget lets in. */
export class SpanSlots {
  segment = new Uint16Array(FIRST_CAPACITY);
  offset = new Uint32Array(FIRST_CAPACITY);
  length = new Uint32Array(FIRST_CAPACITY);
  context = new Uint16Array(FIRST_CAPACITY);
  flags = new Uint8Array(FIRST_CAPACITY);
  next = new Int32Array(FIRST_CAPACITY);
  /** Spans in use. */
  count = 0;
  #cursor = 0;

  /** Takes the next free slot; its columns still hold what was there before. The caller stores a length above 0. */
  take(): number {
    if (this.count >= this.length.length * MAX_LOAD) this.#grow();
    this.count++;
    const { length } = this;
    const mask = length.length - 1;
    let slot = this.#cursor;
    while (length[slot] !== 0) slot = (slot + 1) & mask;
    this.#cursor = (slot + 1) & mask;
    return slot;
  }

  give(slot: number): void {
    this.length[slot] = 0;
    this.count--;
  }

  /** Turns a trace's list from its newest span round, so that spans leave as they came; answers the oldest. */
  inOrder(newest: number): number {
    const { next } = this;
    let head = NONE;
    for (let slot = newest; slot !== NONE;) {
      const older = next[slot];
      next[slot] = head;
      head = slot;
      slot = older;
    }
    return head;
  }

  /** Moves every span out of the named segments, so that those are freed. */
  evacuate(arena: Arena, segments: ReadonlySet<number>): void {
    for (let slot = 0; slot < this.length.length; slot++) {
      if (this.length[slot] === 0 || !segments.has(this.segment[slot])) continue;
      const moved = arena.move(this.segment[slot], this.offset[slot], this.length[slot]);
      this.segment[slot] = moved.segment;
      this.offset[slot] = moved.offset;
    }
  }

  #grow(): void {
    this.#cursor = this.length.length;
    const capacity = this.length.length * 2;
    const u16 = (old: Uint16Array): Uint16Array<ArrayBuffer> => copyInto(new Uint16Array(capacity), old);
    const u32 = (old: Uint32Array): Uint32Array<ArrayBuffer> => copyInto(new Uint32Array(capacity), old);
    this.segment = u16(this.segment);
    this.offset = u32(this.offset);
    this.length = u32(this.length);
    this.context = u16(this.context);
    this.flags = copyInto(new Uint8Array(capacity), this.flags);
    this.next = copyInto(new Int32Array(capacity), this.next);
  }
}
