// Lays the spans of a trace out as rows: parents above children, bars by time. Draws nothing.
import type { SpanJson } from '../api.ts';

/** One row; ratios are shares of the whole trace's time. */
export interface WaterfallRow {
  readonly span: SpanJson;
  /** 0 for a root. */
  readonly depth: number;
  /** It names a parent that is not there, or one that descends from itself. */
  readonly isOrphan: boolean;
  readonly isError: boolean;
  /** Its service is not that of the row it hangs from. */
  readonly isOtherService: boolean;
  readonly startRatio: number;
  readonly widthRatio: number;
}

/** Milliseconds from the trace's start to the end of its last span. */
export function extentMs(spans: readonly SpanJson[]): number {
  return spans.reduce((end, span) => Math.max(end, span.offsetMs + span.durationMs), 0);
}

/**
 * Orders spans depth first, siblings by start; roots first, then orphans.
 *
 * Every span gets exactly one row, also where ids repeat or parents form a circle. Takes no stack, whatever the depth.
 */
export function layOut(spans: readonly SpanJson[]): WaterfallRow[] {
  const ids = new Set(spans.map((span) => span.spanId));
  const children = new Map<string, SpanJson[]>();
  const roots: SpanJson[] = [];
  const orphans: SpanJson[] = [];
  for (const span of [...spans].sort((a, b) => a.offsetMs - b.offsetMs)) {
    if (span.parentSpanId === '') roots.push(span);
    else if (!ids.has(span.parentSpanId) || span.parentSpanId === span.spanId) orphans.push(span);
    else append(children, span.parentSpanId, span);
  }
  const rows = new Rows(children, extentMs(spans));
  for (const span of roots) rows.addTree(span, 'root');
  for (const span of orphans) rows.addTree(span, 'orphan');
  // What no root and no orphan leads to hangs in a circle: its earliest span opens it.
  if (rows.list.length < spans.length) {
    for (const span of [...children.values()].flat().sort((a, b) => a.offsetMs - b.offsetMs))
      rows.addTree(span, 'orphan');
  }
  return rows.list;
}

/** Finds the next row with an error, around the end; undefined without any. */
export function nextError(rows: readonly WaterfallRow[], after: number): number | undefined {
  for (let step = 1; step <= rows.length; step++) {
    const index = (after + step) % rows.length;
    if (rows[index]?.isError === true) return index;
  }
  return undefined;
}

/** The rows that are drawn: from one index up to, not including, another. */
export interface Cut {
  readonly from: number;
  readonly to: number;
}

/** Answers a cut that shows a row: the same where it does already, else one of a size around it. */
export function cutAround(cut: Cut, row: number, size: number): Cut {
  if (row >= cut.from && row < cut.to) return cut;
  const from = Math.max(0, row - Math.floor(size / 2));
  return { from, to: from + size };
}

class Rows {
  readonly list: WaterfallRow[] = [];
  readonly #children: ReadonlyMap<string, readonly SpanJson[]>;
  readonly #extentMs: number;
  readonly #placed = new Set<SpanJson>();
  /** Spans that share an id share their children; the first one gets them. */
  readonly #opened = new Set<string>();

  constructor(children: ReadonlyMap<string, readonly SpanJson[]>, extent: number) {
    this.#children = children;
    this.#extentMs = extent;
  }

  addTree(top: SpanJson, as: 'root' | 'orphan'): void {
    const waiting = [{ span: top, depth: 0, from: '' }];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const { span, depth, from } = next;
      if (this.#placed.has(span)) continue;
      this.#placed.add(span);
      this.list.push({
        ...this.#bar(span),
        span,
        depth,
        isOrphan: as === 'orphan' && depth === 0,
        isError: span.status === 'STATUS_CODE_ERROR',
        isOtherService: depth === 0 || span.service !== from,
      });
      if (this.#opened.has(span.spanId)) continue;
      this.#opened.add(span.spanId);
      for (const child of (this.#children.get(span.spanId) ?? []).toReversed())
        waiting.push({ span: child, depth: depth + 1, from: span.service });
    }
  }

  #bar(span: SpanJson): Pick<WaterfallRow, 'startRatio' | 'widthRatio'> {
    if (this.#extentMs <= 0) return { startRatio: 0, widthRatio: 0 };
    return { startRatio: span.offsetMs / this.#extentMs, widthRatio: span.durationMs / this.#extentMs };
  }
}

function append(lists: Map<string, SpanJson[]>, id: string, span: SpanJson): void {
  const list = lists.get(id);
  if (list === undefined) lists.set(id, [span]);
  else list.push(span);
}
