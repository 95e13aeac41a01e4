// What the list of traces shows and is searched by, made from stored bytes when somebody asks, not when they come.
import { decodeSpan, spanPlaces } from '../otlp/decode.ts';
import type { TraceSummary } from '../web/api.ts';
import type { KeptTraces } from './contract.ts';
import { joinSearch, merge, TraceSum } from './trace-sum.ts';
import { inTurns, type Turns } from './turns.ts';

/** One trace as one batch has it. */
export interface Outline {
  readonly summary: TraceSummary;
  /** See `TraceSum`. */
  readonly search: string;
  /** The trace began in an earlier batch. */
  readonly isLate: boolean;
}

/** Outlines remembered, half a kilobyte each; of more, those of old batches are made anew for each list. */
const MAX_REMEMBERED = 32_768;
/** One whose text to search is longer than this counts as several. */
const USUAL_SEARCH_TEXT = 512;
const ID_DIGITS = 32;

/** Outlines by batch. */
export class Outlines {
  readonly #remembered = new Map<number, readonly Outline[]>();
  readonly #making = new Set<number>();
  #count = 0;
  #newest = 0;

  /** @param read called where the batch's outlines are not remembered */
  *of(batch: number, read: () => KeptTraces): Turns<readonly Outline[]> {
    const known = this.#remembered.get(batch);
    if (known !== undefined) return known;
    this.#making.add(batch);
    const outlines = yield* outlinesOf(read());
    // Of a batch that is gone meanwhile nothing is remembered: nobody would forget it.
    if (this.#making.delete(batch)) this.#remember(batch, outlines);
    return outlines;
  }

  forget(batch: number): void {
    this.#count -= weight(this.#remembered.get(batch) ?? []);
    this.#remembered.delete(batch);
    this.#making.delete(batch);
  }

  #remember(batch: number, outlines: readonly Outline[]): void {
    if (this.#count >= MAX_REMEMBERED) {
      // A list reads back from the newest: what is older makes no room for itself.
      if (batch < this.#newest) return;
      const oldestFirst = [...this.#remembered.keys()].sort((a, b) => a - b);
      for (const each of oldestFirst.slice(0, Math.ceil(oldestFirst.length / 2))) this.forget(each);
    }
    this.#remembered.set(batch, outlines);
    this.#count += weight(outlines);
    this.#newest = Math.max(this.#newest, batch);
  }
}

function weight(outlines: readonly Outline[]): number {
  return outlines.reduce((sum, { search }) => sum + Math.ceil(search.length / USUAL_SEARCH_TEXT), 0);
}

/** The traces of a batch, in the order in which they were handed over. */
function* outlinesOf({ traceIds, reasons, late, body }: KeptTraces): Turns<Outline[]> {
  const sums = new Map<string, TraceSum>();
  yield* inTurns(spanPlaces(body), (place) => {
    const span = decodeSpan(body, place, 'outline');
    const sum = sums.get(span.traceId) ?? new TraceSum();
    sum.add(span);
    sums.set(span.traceId, sum);
  });
  const lateEntries = new Set(late);
  const outlines = new Map<string, Outline>();
  reasons.forEach((reason, entry) => {
    const traceId = traceIds.slice(entry * ID_DIGITS, (entry + 1) * ID_DIGITS);
    const isLate = lateEntries.has(entry);
    const known = outlines.get(traceId);
    const sum = sums.get(traceId);
    // Late spans in the batch of their trace are among its spans already.
    if (known !== undefined) outlines.set(traceId, { ...known, isLate: known.isLate && isLate });
    else if (sum !== undefined)
      outlines.set(traceId, { summary: sum.summary(traceId, reason), search: sum.search, isLate });
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
