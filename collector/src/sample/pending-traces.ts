// Traces that wait: their spans, what policies may ask of them, and when each is due.
import assert from 'node:assert/strict';
import type { Arena } from '../otlp/arena.ts';
import type { ContextTable } from '../otlp/context-table.ts';
import { ENTRY, HAS_TRACE_STATE, ROOT, type SpanBatch, STATUS_ERROR } from '../otlp/span-batch.ts';
import { idRandomHigh, idRandomLow } from '../otlp/trace-id.ts';
import { otState, readOtState } from '../otlp/trace-state.ts';
import type { Budget } from './budget.ts';
import { type DeadlineOptions, Deadlines } from './deadlines.ts';
import type { TraceIdentity } from './decisions.ts';
import { MAX_MATCHERS, type SpanMatcher, type TraceFacts, type TraceSpan } from './facts.ts';
import type { ArrivalListener } from './sampler.ts';
import type { Wait } from './waits.ts';
import { NONE, SpanSlots } from './span-slots.ts';
import { TRACE_ERROR, TRACE_HAS_RANDOM, TRACE_HAS_ROOT, TRACE_HELD, TraceSlots } from './trace-slots.ts';

/** How long traces wait, and how large they may grow. */
export interface WaitOptions extends DeadlineOptions {
  /** A trace is decided as soon as it has so many spans or bytes. */
  readonly maxTraceSpans?: number;
  readonly maxTraceBytes?: number;
}

/** Who wants to see every span as it comes. */
export interface Watchers {
  readonly matchers: readonly SpanMatcher[];
  readonly budget: Budget | undefined;
  readonly listeners: readonly ArrivalListener[];
  /** Waits of their own for traces of which something is known. */
  readonly waits: readonly Wait[];
}

/** Columns of waiting spans and traces, and their deadlines. */
export class PendingTraces {
  readonly spans = new SpanSlots();
  readonly traces: TraceSlots;
  readonly deadlines: Deadlines;
  readonly #maxTraceSpans: number;
  readonly #maxTraceBytes: number;
  readonly #matchers: readonly SpanMatcher[];
  readonly #budget: Budget | undefined;
  readonly #listeners: readonly ArrivalListener[];
  /** Whether anybody wants to know what each span makes of its trace. */
  readonly #needsFacts: boolean;
  /** Whether anybody wants to see every span. */
  readonly #isWatched: boolean;
  readonly #arena: Arena;
  readonly #contexts: ContextTable;
  readonly #facts: TraceFacts & { head: number };
  readonly #identity = { id0: 0, id1: 0, id2: 0, id3: 0, randomHigh: 0, randomLow: 0, hasRandom: false };

  constructor(
    options: WaitOptions & { readonly seed: number },
    watchers: Watchers,
    arena: Arena,
    contexts: ContextTable,
  ) {
    this.#maxTraceSpans = options.maxTraceSpans ?? 2 ** 31;
    this.#maxTraceBytes = options.maxTraceBytes ?? 2 ** 31;
    // A bit too many would stand for another matcher.
    assert(watchers.matchers.length <= MAX_MATCHERS, 'more matchers than a trace has bits for');
    this.#matchers = watchers.matchers;
    this.#budget = watchers.budget;
    this.#listeners = watchers.listeners;
    this.traces = new TraceSlots(options.seed);
    this.deadlines = new Deadlines(options, watchers.waits, this.traces);
    this.#needsFacts = this.#listeners.length > 0 || this.deadlines.looks;
    this.#isWatched = this.#matchers.length > 0 || this.#budget !== undefined || this.#needsFacts;
    this.#arena = arena;
    this.#contexts = contexts;
    this.#facts = { ...NO_FACTS, head: NONE, spans: () => this.#spansFrom(this.#facts.head) };
  }

  /** Opens a trace that waits from now on. */
  open(hash: number, id0: number, id1: number, id2: number, id3: number, nowMs: number): number {
    const trace = this.traces.add(hash, id0, id1, id2, id3, nowMs);
    this.deadlines.open(trace, nowMs);
    return trace;
  }

  /** Adds a span to its trace. @returns whether the trace has grown so large that it must be decided now */
  append(batch: SpanBatch, row: number, trace: number, nowMs: number): boolean {
    const { spans, traces } = this;
    const slot = spans.take();
    const flags = batch.flags[row];
    spans.segment[slot] = batch.segment;
    spans.offset[slot] = batch.offset[row];
    spans.length[slot] = batch.length[row];
    spans.context[slot] = batch.context[row];
    spans.flags[slot] = flags;
    spans.next[slot] = traces.head[trace];
    traces.head[trace] = slot;
    const spanCount = ++traces.spanCount[trace];
    const sizeBytes = (traces.sizeBytes[trace] += batch.length[row]);
    if (batch.status[row] === STATUS_ERROR) this.#noteError(trace, nowMs);
    if ((flags & (ENTRY | HAS_TRACE_STATE)) !== 0) this.#noteEntry(batch, row, trace, nowMs);
    if (this.#isWatched) this.#watch(batch, row, trace, nowMs);
    return (
      (spanCount >= this.#maxTraceSpans || sizeBytes >= this.#maxTraceBytes) && (traces.flags[trace] & TRACE_HELD) === 0
    );
  }

  /** What only some configurations ask of every span. */
  #watch(batch: SpanBatch, row: number, trace: number, nowMs: number): void {
    const matchers = this.#matchers;
    const { traces } = this;
    let matched = traces.matched[trace];
    for (let i = 0; i < matchers.length; i++)
      if ((matched & (1 << i)) === 0 && matchers[i]?.matches(batch, row, nowMs) === true) matched |= 1 << i;
    traces.matched[trace] = matched;
    this.#budget?.arrived(traces.startMs[trace], nowMs, batch.length[row]);
    if (!this.#needsFacts) return;
    const facts = this.factsOf(trace, nowMs);
    this.deadlines.look(trace, facts, nowMs);
    for (const each of this.#listeners) each.arrived?.(trace, facts, batch.length[row]);
  }

  #noteError(trace: number, nowMs: number): void {
    const { flags } = this.traces;
    if ((flags[trace] & TRACE_ERROR) === 0) this.deadlines.failed(trace, nowMs);
    flags[trace] |= TRACE_ERROR;
  }

  /** What few spans say about their trace: the time of an entry span, explicit randomness, that the root is there. */
  #noteEntry(batch: SpanBatch, row: number, trace: number, nowMs: number): void {
    const { traces } = this;
    const flags = batch.flags[row];
    const durationMs = (flags & ENTRY) === 0 ? 0 : batch.durationMs(row);
    if (durationMs > traces.longestMs[trace]) traces.longestMs[trace] = durationMs;
    if ((flags & HAS_TRACE_STATE) !== 0) this.#readRandom(batch, row, trace);
    if ((flags & ROOT) === 0 || (traces.flags[trace] & TRACE_HAS_ROOT) !== 0) return;
    traces.flags[trace] |= TRACE_HAS_ROOT;
    traces.rootMs[trace] = durationMs;
    this.deadlines.rooted(trace, nowMs);
  }

  #readRandom(batch: SpanBatch, row: number, trace: number): void {
    const { traces } = this;
    if ((traces.flags[trace] & TRACE_HAS_RANDOM) !== 0) return;
    readOtState(batch.source.bytes, batch.stateOffset[row], batch.stateLength[row]);
    if (!otState.hasRandom) return;
    traces.flags[trace] |= TRACE_HAS_RANDOM;
    traces.randomHigh[trace] = otState.randomHigh;
    traces.randomLow[trace] = otState.randomLow;
  }

  /** What policies may know of a trace; the same object each time. */
  factsOf(trace: number, nowMs: number): TraceFacts {
    const { traces } = this;
    const facts = this.#facts;
    const flags = traces.flags[trace];
    facts.serial++;
    facts.spanCount = traces.spanCount[trace];
    facts.sizeBytes = traces.sizeBytes[trace];
    facts.hasError = (flags & TRACE_ERROR) !== 0;
    facts.longestEntryMs = traces.longestMs[trace];
    facts.rootMs = traces.rootMs[trace];
    facts.matched = traces.matched[trace];
    facts.startMs = traces.startMs[trace];
    facts.nowMs = nowMs;
    facts.head = traces.head[trace];
    return facts;
  }

  /** A trace's id and randomness; the same object each time. */
  identityOf(trace: number): TraceIdentity {
    const { traces } = this;
    const identity = this.#identity;
    const hasRandom = (traces.flags[trace] & TRACE_HAS_RANDOM) !== 0;
    identity.id0 = traces.id0[trace];
    identity.id1 = traces.id1[trace];
    identity.id2 = traces.id2[trace];
    identity.id3 = traces.id3[trace];
    identity.randomHigh = hasRandom ? traces.randomHigh[trace] : idRandomHigh(identity.id2, identity.id3);
    identity.randomLow = hasRandom ? traces.randomLow[trace] : idRandomLow(identity.id3);
    identity.hasRandom = hasRandom;
    return identity;
  }

  /** Gives the spans of a list back, bytes and context references. */
  drop(head: number): void {
    const { spans } = this;
    const { segment, length, context, next } = spans;
    for (let slot = head; slot !== NONE;) {
      const following = next[slot];
      this.#arena.release(segment[slot], length[slot]);
      this.#contexts.release(context[slot], 1);
      spans.give(slot);
      slot = following;
    }
  }

  *#spansFrom(head: number): Generator<TraceSpan> {
    const { segment, offset, length, context, flags, next } = this.spans;
    for (let slot = head; slot !== NONE; slot = next[slot] ?? NONE) {
      const { bytes } = this.#arena.source(segment[slot] ?? 0);
      const origin = this.#contexts.slots[context[slot] ?? 0];
      yield { bytes, offset: offset[slot] ?? 0, length: length[slot] ?? 0, context: origin, flags: flags[slot] ?? 0 };
    }
  }
}

const NO_FACTS = {
  serial: 0,
  spanCount: 0,
  sizeBytes: 0,
  hasError: false,
  longestEntryMs: 0,
  rootMs: -1,
  matched: 0,
  startMs: 0,
  nowMs: 0,
};
