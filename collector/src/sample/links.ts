// Follows the links of kept traces: what they link to is kept as well, if it is not decided yet.
// Nothing is followed from a trace that was kept for another's sake, so no chain is.
import { idRandomHigh, idRandomLow } from '../otlp/trace-id.ts';
import { SpanLinks } from '../otlp/span-links.ts';
import { DeadlineQueue } from './deadline-queue.ts';
import type { Ledger } from './ledger.ts';
import type { LinkedTraces } from './linked-traces.ts';
import type { SampleCounts } from './sample-counts.ts';
import { NONE } from './span-slots.ts';
import { TRACE_SLOT_BYTES, TraceSlots } from './trace-slots.ts';

/** Links followed from one trace, and from one late span: as many as SDKs let one span have unless configured. */
export const MAX_LINKS = 128;
/**
 * Deadlines of awaited traces at once, and so no more of those: one for each moment at which one was linked, also where it
 * has come since. At the default wait this is 500 links a second to traces that never come, with less than 4 MiB. Without
 * a limit, links to made-up ids would fill the memory.
 */
export const MAX_AWAITED = 16_384;

export interface LinksParts {
  /** Traces that wait. */
  readonly pending: TraceSlots;
  readonly linked: LinkedTraces;
  readonly ledger: Ledger;
  readonly counts: SampleCounts;
  /** How long a linked trace of which nothing has come is awaited. */
  readonly waitMs: number;
  /** That of `pending`: hashes are shared. */
  readonly seed: number;
}

/** Reads links of kept spans and finds what they link to. */
export class Links {
  readonly #parts: LinksParts;
  /**
   * Linked traces without a span so far, in the columns of those that wait: `spanCount` is the count of links, `startMs`
   * the time of the last one with a deadline, and the randomness that of the kept trace that links first.
   */
  readonly #awaited: TraceSlots;
  /**
   * One entry for each link but those at the same time, and those that found no room and wait with an earlier one. Entries
   * of traces that came stay until their time, and count to the limit.
   */
  readonly #deadlines = new DeadlineQueue();
  /** Whose links are being followed, and how many more may be. */
  readonly #from = { id0: 0, id1: 0, id2: 0, id3: 0 };
  #left = 0;

  constructor(parts: LinksParts) {
    this.#parts = parts;
    this.#awaited = new TraceSlots(parts.seed);
  }

  /** Linked traces of which no span has come. */
  get awaited(): number {
    return this.#awaited.count;
  }

  /** Of what is awaited, and of what is noted of traces that wait. */
  get sizeBytes(): number {
    return this.#awaited.count * TRACE_SLOT_BYTES + this.#parts.linked.sizeBytes;
  }

  /** Begins a trace that is kept by its own right; its spans with links follow. */
  begin(id0: number, id1: number, id2: number, id3: number): void {
    const from = this.#from;
    from.id0 = id0;
    from.id1 = id1;
    from.id2 = id2;
    from.id3 = id3;
    this.#left = MAX_LINKS;
  }

  /** Follows the links of one span of the trace begun last. */
  follow(bytes: Uint8Array, offset: number, length: number, nowMs: number): void {
    const { id0, id1, id2, id3 } = this.#from;
    const links = new SpanLinks(bytes, offset, length);
    while (links.next()) {
      if (links.id3 === id3 && links.id2 === id2 && links.id1 === id1 && links.id0 === id0) continue;
      if (this.#left > 0) {
        this.#left--;
        this.#resolve(links, nowMs);
      } else this.#parts.counts.links.over_limit++;
    }
  }

  /** Takes note that a trace waits from now on. @param hash as `pending` has it */
  arrived(trace: number, hash: number, id0: number, id1: number, id2: number, id3: number): void {
    const awaited = this.#awaited;
    const slot = awaited.find(hash, id0, id1, id2, id3);
    if (slot === NONE) return;
    const { randomHigh, randomLow, spanCount } = awaited;
    this.#parts.linked.add(trace, { fromHigh: randomHigh[slot], fromLow: randomLow[slot], links: spanCount[slot] });
    awaited.remove(slot);
  }

  /** Gives up traces that did not come in time. */
  expire(nowMs: number): void {
    const deadlines = this.#deadlines;
    const awaited = this.#awaited;
    const { waitMs } = this.#parts;
    for (; deadlines.count > 0 && deadlines.nextMs <= nowMs; deadlines.shift()) {
      const { slot, generation } = deadlines;
      // It came, or was linked again since.
      if (awaited.generation[slot] !== generation || awaited.startMs[slot] + waitMs > deadlines.nextMs) continue;
      this.#parts.counts.links.unseen += awaited.spanCount[slot];
      awaited.remove(slot);
    }
  }

  #resolve({ id0, id1, id2, id3 }: SpanLinks, nowMs: number): void {
    const { pending, linked, ledger, counts } = this.#parts;
    const from = this.#from;
    const fromHigh = idRandomHigh(from.id2, from.id3);
    const fromLow = idRandomLow(from.id3);
    const hash = pending.hash(id0, id1, id2, id3);
    const trace = pending.find(hash, id0, id1, id2, id3);
    if (trace !== NONE) {
      linked.add(trace, { fromHigh, fromLow, links: 1 });
      return;
    }
    const decided = ledger.find(id0, id1, id2, id3);
    if (decided >= 0) {
      counts.links[ledger.isKept(decided) ? 'already_kept' : 'unresolved']++;
      return;
    }
    const awaited = this.#awaited;
    let slot = awaited.find(hash, id0, id1, id2, id3);
    const isNew = slot === NONE;
    const isFull = this.#deadlines.count >= MAX_AWAITED;
    if (isNew) {
      if (isFull) {
        counts.links.over_limit++;
        return;
      }
      slot = awaited.add(hash, id0, id1, id2, id3, nowMs);
      awaited.randomHigh[slot] = fromHigh;
      awaited.randomLow[slot] = fromLow;
    }
    // Where there is no room for another deadline, the one it has ends the waiting for this link, too.
    if (isNew || (!isFull && awaited.startMs[slot] !== nowMs)) {
      awaited.startMs[slot] = nowMs;
      this.#deadlines.push(slot, awaited.generation[slot], nowMs + this.#parts.waitMs);
    }
    awaited.spanCount[slot]++;
  }
}
