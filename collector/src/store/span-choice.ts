// Which spans of a trace an answer shows, where it has more than a page can draw.
import type { SpanPlace } from '../otlp/decode.ts';

/** A person looks at the beginning of a trace and at what failed; more rows than this help nobody and cost everybody. */
const MAX_SPANS_SHOWN = 5000;

/** A span of one of the batches that hold the trace. */
export interface ChosenSpan extends SpanPlace {
  readonly batch: number;
  readonly startNs: bigint;
  readonly isError: boolean;
}

/**
 * Takes the spans of a trace one by one and keeps those to show: at most half of the room for the earliest that failed,
 * and the earliest of all others. Remembers no more than four times as many.
 */
export class SpanChoice {
  #failed: ChosenSpan[] = [];
  #others: ChosenSpan[] = [];

  add(span: ChosenSpan): void {
    const list = span.isError ? this.#failed : this.#others;
    list.push(span);
    if (list.length < 2 * MAX_SPANS_SHOWN) return;
    byStart(list);
    list.length = MAX_SPANS_SHOWN;
  }

  /** Earliest start first. */
  chosen(): ChosenSpan[] {
    const failed = byStart(this.#failed);
    const others = byStart(this.#others);
    const sure = Math.max(MAX_SPANS_SHOWN / 2, MAX_SPANS_SHOWN - others.length);
    const rest = byStart([...others, ...failed.slice(sure)]);
    const first = failed.slice(0, sure);
    return byStart([...first, ...rest.slice(0, MAX_SPANS_SHOWN - first.length)]);
  }
}

/** Sorts in place. Numbers of 64 bits are slow to compare: most starts differ by more than a float loses of them. */
export function byStart<T extends { readonly startNs: bigint }>(spans: T[]): T[] {
  const keyed = spans.map((span) => ({ span, start: Number(span.startNs) }));
  keyed.sort((a, b) => a.start - b.start || Number(a.span.startNs - b.span.startNs));
  for (const [i, { span }] of keyed.entries()) spans[i] = span;
  return spans;
}
