// The latest past in slots: what is older than the window leaves slot by slot. Pure; time is an argument.
import { type Counted, Tally } from './tally.ts';

/** What a window covers is its length or up to a slot less. */
export const SLOTS = 12;

interface Slot {
  readonly index: number;
  readonly tally: Tally;
}

export class SlidingWindow {
  readonly #slotMs: number;
  /** The oldest first; at most `SLOTS`. */
  readonly #slots: Slot[] = [];

  constructor(lengthMs: number) {
    this.#slotMs = lengthMs / SLOTS;
  }

  /** Adds what came at some time; what came before the latest counts with it. */
  add(timeMs: number, counted: Counted): void {
    const index = Math.floor(timeMs / this.#slotMs);
    let last = this.#slots.at(-1);
    if (last === undefined || index > last.index) {
      last = { index, tally: new Tally() };
      this.#slots.push(last);
      this.#leave(index);
    }
    last.tally.add(counted);
  }

  /** All that came within the window before some time. @param slots of the latest past; all by default */
  total(timeMs: number, slots = SLOTS): Tally {
    const now = Math.floor(timeMs / this.#slotMs);
    this.#leave(now);
    const total = new Tally();
    for (const { index, tally } of this.#slots) if (index > now - slots) total.add(tally);
    return total;
  }

  clear(): void {
    this.#slots.length = 0;
  }

  #leave(index: number): void {
    while ((this.#slots[0]?.index ?? index) <= index - SLOTS) this.#slots.shift();
  }
}
