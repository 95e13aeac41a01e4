// What the list tells of a trace and is searched by, gathered span by span: no span has to stay for it.
import type { DecodedSpan } from '../otlp/decode.ts';
import { STATUS_ERROR } from '../otlp/span-batch.ts';
import type { TraceSummary } from '../web/api.ts';

/** Names in lists are cut here, so that a list of 500 stays within a megabyte. */
const MAX_NAME_CHARACTERS = 512;
/** Of a trace with more operations than this takes, the first ones are found. */
const MAX_SEARCH_TEXT = 64 * 1024;
/** Ids by which the root of a trace is looked for where no span is without a parent; of more, the earliest span is taken. */
const MAX_IDS = 10_000;

type Named = Pick<DecodedSpan, 'startNs' | 'service' | 'name'>;

/** A summary in the making. */
export class TraceSum {
  readonly #ids = new Set<string>();
  /** By parent, the earliest of its children. */
  readonly #children = new Map<string, Named>();
  readonly #operations = new Set<string>();
  #operationsLength = 0;
  #root: Named | undefined;
  #earliest: Named | undefined;
  #endNs = 0n;
  #errors = 0;
  spans = 0;

  add(span: DecodedSpan): void {
    const { parentSpanId, spanId, endNs, status, service, name } = span;
    const named = { startNs: span.startNs, service, name: shownName(name) };
    this.spans++;
    if (status === STATUS_ERROR) this.#errors++;
    if (endNs > this.#endNs) this.#endNs = endNs;
    this.#earliest = earlier(this.#earliest, named);
    if (parentSpanId === '') this.#root = earlier(this.#root, named);
    else if (this.#root === undefined && this.#children.size < MAX_IDS)
      this.#children.set(parentSpanId, earlier(this.#children.get(parentSpanId), named));
    if (this.#root === undefined && this.#ids.size < MAX_IDS) this.#ids.add(spanId);
    if (this.#operationsLength < MAX_SEARCH_TEXT) this.#addOperation(`${service}\t${named.name}`);
  }

  /** Unix nanoseconds of the earliest span. */
  get startNs(): bigint {
    return this.#earliest?.startNs ?? 0n;
  }

  /** Text to search for a service, or for a service and operation: one pair a line, each once, a line feed before and after. */
  get search(): string {
    return [...this.#operations].reduce((text, pair) => `${text}${pair}\n`, '\n');
  }

  summary(traceId: string, reason: string): TraceSummary {
    const { startNs } = this;
    const root = this.#root ?? this.#orphan() ?? this.#earliest;
    return {
      traceId,
      startMs: Number(startNs / 1000n) / 1000,
      durationMs: this.#endNs > startNs ? milliseconds(this.#endNs - startNs) : 0,
      rootService: root?.service ?? '',
      rootName: root?.name ?? '',
      spanCount: this.spans,
      errorCount: this.#errors,
      reason,
    };
  }

  /** The earliest span whose parent is not here. */
  #orphan(): Named | undefined {
    if (this.#ids.size >= MAX_IDS) return undefined;
    let found: Named | undefined;
    for (const [parent, child] of this.#children) if (!this.#ids.has(parent)) found = earlier(found, child);
    return found;
  }

  #addOperation(pair: string): void {
    if (this.#operations.has(pair)) return;
    this.#operations.add(pair);
    this.#operationsLength += pair.length;
  }
}

/** A name as lists show it and are searched by. */
export function shownName(name: string): string {
  return name.length > MAX_NAME_CHARACTERS ? `${name.slice(0, MAX_NAME_CHARACTERS)}…` : name;
}

/** Joins the summary of late spans to that of their trace. */
export function merge(known: TraceSummary, late: TraceSummary): TraceSummary {
  const startMs = Math.min(known.startMs, late.startMs);
  const endMs = Math.max(known.startMs + known.durationMs, late.startMs + late.durationMs);
  return {
    ...known,
    startMs,
    durationMs: endMs - startMs,
    spanCount: known.spanCount + late.spanCount,
    errorCount: known.errorCount + late.errorCount,
  };
}

/** Joins two texts to search. */
export function joinSearch(known: string, more: string): string {
  let text = known;
  for (const pair of more.split('\n').slice(1, -1))
    if (text.length < MAX_SEARCH_TEXT && !text.includes(`\n${pair}\n`)) text += `${pair}\n`;
  return text;
}

/** The earlier of two; the first one where both start alike. */
function earlier(known: Named | undefined, other: Named): Named {
  return known !== undefined && known.startNs <= other.startNs ? known : other;
}

/** A duration as the page has it. */
export function milliseconds(ns: bigint): number {
  return Number(ns) / 1e6;
}
