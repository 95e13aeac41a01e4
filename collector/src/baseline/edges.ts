// Which operation calls which, learned from kept traces span by span. Bounded: what was not seen for longest is forgotten.
import { operationKey, type OperationName } from './trace-tree.ts';

/** Calls of one operation by another, as far as traces were kept. */
export interface OperationEdge {
  /** Keys of operations, see operationKey. */
  readonly parent: string;
  readonly child: string;
  /** Since the edge was last forgotten. */
  readonly count: number;
  readonly lastSeenMs: number;
}

/** A span as far as edges need it. */
export interface EdgeSpan extends OperationName {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for a root. */
  readonly parentId: string;
}

export interface EdgeLimits {
  readonly maxEdges: number;
  /**
   * Spans remembered for children yet to come, and children for parents yet to come (a parent commonly ends, and is sent,
   * after its children): at most so many of each, at least half.
   */
  readonly maxSpans: number;
}

interface CountedEdge {
  readonly parent: string;
  readonly child: string;
  count: number;
  lastSeenMs: number;
}

/** So many of the edges go at once, so that making room costs little for each. */
const FORGOTTEN_RATIO = 1 / 16;
/** An operation seen this often would have shown who calls it and whom it calls. */
const PLACED_SPANS = 5;

/** A table of edges, those not seen for longest out. Memory is about 300 B for each edge and each remembered span. */
export class OperationEdges {
  readonly #limits: EdgeLimits;
  readonly #edges = new Map<string, CountedEdge>();
  /** Keys of operations by trace and span. */
  readonly #seen: TwoGenerations<string>;
  /** Keys of children whose parent has not come yet, by trace and span of that parent. */
  readonly #waiting: TwoGenerations<Set<string>>;
  /** How often each operation was seen, as far as it matters; when it is full, all are counted anew. */
  readonly #spans = new Map<string, number>();
  /** Edges that were forgotten for want of room. */
  forgotten = 0;

  constructor(limits: EdgeLimits) {
    this.#limits = limits;
    this.#seen = new TwoGenerations(limits.maxSpans);
    this.#waiting = new TwoGenerations(limits.maxSpans);
  }

  get size(): number {
    return this.#edges.size;
  }

  /** Takes a span of a kept trace; in any order within a trace. @param nowMs not before that of the last call */
  take(span: EdgeSpan, nowMs: number): void {
    const key = operationKey(span);
    const own = `${span.traceId}/${span.spanId}`;
    if (this.#seen.get(own) !== undefined) return;
    this.#seen.add(own, key);
    this.#place(key);
    for (const child of this.#waiting.get(own) ?? []) this.#count(key, child, nowMs);
    this.#waiting.delete(own);
    if (span.parentId === '' || span.parentId === span.spanId) return;
    const above = `${span.traceId}/${span.parentId}`;
    const parent = this.#seen.get(above);
    if (parent !== undefined) this.#count(parent, key, nowMs);
    else this.#wait(above, key);
  }

  /** Operations that were seen often enough: what no edge connects to them has nothing to do with them. */
  placed(): Set<string> {
    return new Set([...this.#spans].filter(([, spans]) => spans >= PLACED_SPANS).map(([key]) => key));
  }

  /** All edges, the one seen last at the end. */
  list(): OperationEdge[] {
    return this.#byTime().map((edge) => ({ ...edge }));
  }

  #place(key: string): void {
    const spans = this.#spans.get(key) ?? 0;
    if (spans >= PLACED_SPANS) return;
    if (spans === 0 && this.#spans.size >= this.#limits.maxEdges) this.#spans.clear();
    this.#spans.set(key, spans + 1);
  }

  #byTime(): CountedEdge[] {
    return [...this.#edges.values()].sort((a, b) => a.lastSeenMs - b.lastSeenMs);
  }

  #count(parent: string, child: string, nowMs: number): void {
    // An operation that calls itself says nothing of who caused what.
    if (parent === child) return;
    const key = edgeKey(parent, child);
    const edge = this.#edges.get(key);
    if (edge !== undefined) {
      edge.count++;
      edge.lastSeenMs = nowMs;
      return;
    }
    const { maxEdges } = this.#limits;
    if (this.#edges.size >= maxEdges) {
      const oldest = this.#byTime().slice(0, Math.max(1, Math.floor(maxEdges * FORGOTTEN_RATIO)));
      for (const each of oldest) this.#edges.delete(edgeKey(each.parent, each.child));
      this.forgotten += oldest.length;
    }
    this.#edges.set(key, { parent, child, count: 1, lastSeenMs: nowMs });
  }

  #wait(above: string, key: string): void {
    const children = this.#waiting.get(above);
    // Of many children alike one is enough: counts only weigh edges against each other.
    if (children?.has(key) === true) return;
    this.#waiting.add(above, (children ?? new Set()).add(key));
  }
}

function edgeKey(parent: string, child: string): string {
  return `${parent.length}:${parent}${child}`;
}

/**
 * A map that forgets: when half of what it may hold has come, what came before that half goes. Unlike a map whose first
 * entry is deleted each time, it costs the same however full it is.
 */
class TwoGenerations<T> {
  readonly #half: number;
  #young = new Map<string, T>();
  #old = new Map<string, T>();
  #added = 0;

  /** @param max how often `add` may be called until the first of it is forgotten */
  constructor(max: number) {
    this.#half = Math.max(1, Math.floor(max / 2));
  }

  get(key: string): T | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }

  /** Sets what a key holds; counts as one more, new or not. */
  add(key: string, value: T): void {
    if (this.#added >= this.#half) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#added = 0;
    }
    // What is in the old half stays there, and goes with it.
    (this.#old.has(key) ? this.#old : this.#young).set(key, value);
    this.#added++;
  }

  delete(key: string): void {
    this.#young.delete(key);
    this.#old.delete(key);
  }
}
