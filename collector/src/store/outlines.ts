// What the list of traces shows and is searched by, made from stored bytes when somebody asks, not when they come.
import { decodeSpans } from '../otlp/decode.ts';
import type { TraceSummary } from '../web/api.ts';
import type { KeptTraces } from './contract.ts';
import { byStart, joinSearch, merge, searchText, summarise } from './trace-answer.ts';

/** One trace as one batch has it. */
export interface Outline {
  readonly summary: TraceSummary;
  /** See `searchText`. */
  readonly search: string;
  /** The trace began in an earlier batch. */
  readonly isLate: boolean;
}

/** Outlines remembered, half a kilobyte each; of more, those of old batches are made anew for each list. */
const MAX_REMEMBERED = 32_768;
const ID_DIGITS = 32;

/** Outlines by batch. */
export class Outlines {
  readonly #remembered = new Map<number, readonly Outline[]>();
  #count = 0;
  #newest = 0;

  /** @param read called where the batch's outlines are not remembered */
  of(batch: number, read: () => KeptTraces): readonly Outline[] {
    const known = this.#remembered.get(batch);
    if (known !== undefined) return known;
    const outlines = outlinesOf(read());
    this.#remember(batch, outlines);
    return outlines;
  }

  forget(batch: number): void {
    this.#count -= this.#remembered.get(batch)?.length ?? 0;
    this.#remembered.delete(batch);
  }

  #remember(batch: number, outlines: readonly Outline[]): void {
    if (this.#count >= MAX_REMEMBERED) {
      // A list reads back from the newest: what is older makes no room for itself.
      if (batch < this.#newest) return;
      const oldestFirst = [...this.#remembered.keys()].sort((a, b) => a - b);
      for (const each of oldestFirst.slice(0, Math.ceil(oldestFirst.length / 2))) this.forget(each);
    }
    this.#remembered.set(batch, outlines);
    this.#count += outlines.length;
    this.#newest = Math.max(this.#newest, batch);
  }
}

/** The traces of a batch, in the order in which they were handed over. */
function outlinesOf({ traceIds, reasons, late, body }: KeptTraces): Outline[] {
  const spansOf = Map.groupBy(decodeSpans(body, { depth: 'outline' }), ({ traceId }) => traceId);
  const lateEntries = new Set(late);
  const outlines = new Map<string, Outline>();
  reasons.forEach((reason, entry) => {
    const traceId = traceIds.slice(entry * ID_DIGITS, (entry + 1) * ID_DIGITS);
    const isLate = lateEntries.has(entry);
    const known = outlines.get(traceId);
    const spans = spansOf.get(traceId);
    // Late spans in the batch of their trace are among its spans already.
    if (known !== undefined) outlines.set(traceId, { ...known, isLate: known.isLate && isLate });
    else if (spans !== undefined)
      outlines.set(traceId, {
        summary: summarise(traceId, reason, byStart(spans)),
        search: searchText(spans),
        isLate,
      });
  });
  return [...outlines.values()];
}

/** A trace with what came late of it; the first of several late parts stands for one that is gone. */
export function joined(first: Outline, late: readonly Outline[]): Outline {
  return late.reduce(
    (whole, part) => ({
      summary: merge(whole.summary, part.summary),
      search: joinSearch(whole.search, part.search),
      isLate: whole.isLate,
    }),
    first,
  );
}
