// Waiting traces that a kept trace links to. As pinned ones, they are kept for another's sake: they carry no threshold
// and count in no estimate.
import type { LinkResult, SampleCounts } from './sample-counts.ts';

/** Why a trace is linked. Ids are told by their last 56 bits, as randomness has them, upper and lower 28. */
export interface Linked {
  readonly fromHigh: number;
  readonly fromLow: number;
  /** Links to it so far. */
  links: number;
}

/** Of an entry and what is noted in it: some 100 bytes were measured, more where the table has just grown. */
export const LINKED_BYTES = 128;

/** Traces by their slot. Never more than wait, and counted to their memory. */
export class LinkedTraces {
  readonly #traces = new Map<number, Linked>();
  readonly #counts: SampleCounts;

  constructor(counts: SampleCounts) {
    this.#counts = counts;
  }

  get count(): number {
    return this.#traces.size;
  }

  get sizeBytes(): number {
    return this.#traces.size * LINKED_BYTES;
  }

  /** Notes links to a waiting trace. The first kept trace that links to it is the one that is remembered. */
  add(trace: number, { fromHigh, fromLow, links }: Linked): void {
    const known = this.#traces.get(trace);
    if (known === undefined) this.#traces.set(trace, { fromHigh, fromLow, links });
    else known.links += links;
  }

  get(trace: number): Linked | undefined {
    return this.#traces.size === 0 ? undefined : this.#traces.get(trace);
  }

  /** Counts what became of the links to a trace. Called once for each trace that was decided. */
  settle(trace: number, kept: boolean): void {
    const linked = this.get(trace);
    if (linked === undefined) return;
    // Only an explicit drop keeps a linked trace from being kept.
    const result: LinkResult = kept ? 'followed' : 'unresolved';
    this.#counts.links[result] += linked.links;
    this.#traces.delete(trace);
  }
}
