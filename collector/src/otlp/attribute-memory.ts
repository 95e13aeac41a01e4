// Remembers what was read from which bytes, so that series that come again every interval are not read again.
import type { Attribute, Attributes } from '../model/attributes.ts';
import type { ByteSource } from './wire.ts';

/** A power of two. Some thousand series are what one service has. */
const SLOTS = 4096;
/** Longer runs of bytes are not remembered: a common list of attributes takes 50 to 250 bytes. */
const SLOT_BYTES = 256;

/** What one sidecar remembers of all its senders: never more than about 4 MiB, however many series there are. */
export class AttributeMemory {
  readonly lists = new ByteMemory<Attributes>();
  readonly pairs = new ByteMemory<Attribute>();
}

/** Values by the bytes they were read from: a slot for each hash, in which the newest stays. */
export class ByteMemory<Value> {
  readonly #bytes = Buffer.allocUnsafeSlow(SLOTS * SLOT_BYTES);
  readonly #view = new DataView(this.#bytes.buffer);
  readonly #lengths = new Uint16Array(SLOTS);
  readonly #values: (Value | undefined)[] = Array.from({ length: SLOTS }, () => undefined);
  /** Where the bytes that `find` was asked for last belong; -1 where they are too long. */
  slot = -1;

  /** What was kept for the same bytes. */
  find(source: ByteSource, start: number, end: number): Value | undefined {
    const length = end - start;
    this.slot = -1;
    if (length > SLOT_BYTES) return undefined;
    const { view, bytes } = source;
    let hash = length;
    let p = start;
    for (const words = end - 3; p < words; p += 4) hash = mixed(hash, view.getInt32(p, true));
    for (; p < end; p++) hash = mixed(hash, bytes[p] ?? 0);
    const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1);
    this.slot = slot;
    return this.#lengths[slot] === length && this.#isSame(slot * SLOT_BYTES, source, start, end)
      ? this.#values[slot]
      : undefined;
  }

  /** Keeps a value in the slot that `find` named. */
  keep(slot: number, { view, bytes }: ByteSource, start: number, end: number, value: Value): void {
    if (slot < 0) return;
    let p = start;
    let kept = slot * SLOT_BYTES;
    for (const words = end - 3; p < words; p += 4, kept += 4) this.#view.setInt32(kept, view.getInt32(p, true), true);
    for (; p < end; p++, kept++) this.#bytes[kept] = bytes[p] ?? 0;
    this.#lengths[slot] = end - start;
    this.#values[slot] = value;
  }

  #isSame(offset: number, { view, bytes }: ByteSource, start: number, end: number): boolean {
    let p = start;
    let known = offset;
    for (const words = end - 3; p < words; p += 4, known += 4)
      if (view.getInt32(p, true) !== this.#view.getInt32(known, true)) return false;
    for (; p < end; p++, known++) if (bytes[p] !== this.#bytes[known]) return false;
    return true;
  }
}

/** Whoever finds bytes that share a slot makes reading slower and nothing else, so speed is all that is asked of it. */
function mixed(hash: number, word: number): number {
  const product = Math.imul(hash ^ word, 0x9e3779b1);
  return product ^ (product >>> 15);
}
