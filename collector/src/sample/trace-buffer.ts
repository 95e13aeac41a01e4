// Spans wait here for the rest of their trace; then the trace is decided and its spans are staged or released.
// Pure: the time and the arena come as arguments, kept traces leave through `emit`, counts are read by the owner.
import { type Arena, SEGMENT_BYTES } from '../otlp/arena.ts';
import type { ContextTable } from '../otlp/context-table.ts';
import { ENTRY, HAS_TRACE_STATE, ROOT, type SpanBatch, STATUS_ERROR } from '../otlp/span-batch.ts';
import { otState, readOtState } from '../otlp/trace-state.ts';
import { DeadlineQueue } from './deadline-queue.ts';
import { KeptStaging } from './kept-staging.ts';
import { Ledger } from './ledger.ts';
import { type DecisionCause, emptyCounts } from './sample-counts.ts';
import { decide, type Policy, type TraceFacts, verdict } from './sampler.ts';
import { NONE, SPAN_SLOT_BYTES, SpanSlots } from './span-slots.ts';
import { outcome, thresholdSuffix } from './threshold-suffix.ts';
import { hexId, idRandomHigh, idRandomLow } from '../otlp/trace-id.ts';
import { TRACE_ERROR, TRACE_HAS_RANDOM, TRACE_HAS_ROOT, TRACE_SLOT_BYTES, TraceSlots } from './trace-slots.ts';
import { UnknownThresholds } from './unknown-thresholds.ts';

export interface TraceBufferOptions {
  readonly policies: readonly Policy[];
  readonly decisionWaitMs: number;
  readonly afterRootMs: number;
  /** Bytes of pinned arena segments and columns beyond which the oldest traces are decided early. */
  readonly maxPendingBytes: number;
  readonly maxDecisions: number;
  readonly seed: number;
}

/** Where a span's bytes stand, whose they are, and its flags. */
interface SpanPlace {
  readonly segment: number;
  readonly offset: number;
  readonly length: number;
  readonly context: number;
  readonly flags: number;
}

/** At which threshold a trace was kept, and the randomness it was compared with. */
type TraceDecision = Parameters<typeof thresholdSuffix>[1];

/** Waiting spans and what was decided of traces that no longer wait. */
export class TraceBuffer {
  counts = emptyCounts();
  readonly unknown = new UnknownThresholds();
  readonly ledger: Ledger;
  readonly #options: TraceBufferOptions;
  readonly #arena: Arena;
  readonly #contexts: ContextTable;
  readonly #emit: (batch: KeptStaging) => void;
  readonly #spans = new SpanSlots();
  readonly #traces: TraceSlots;
  readonly #waiting = new DeadlineQueue();
  readonly #rooted = new DeadlineQueue();
  readonly #staging: KeptStaging;
  readonly #facts: TraceFacts = { spanCount: 0, hasError: false, longestEntryMs: 0 };

  constructor(options: TraceBufferOptions, arena: Arena, contexts: ContextTable, emit: (batch: KeptStaging) => void) {
    this.#options = options;
    this.#arena = arena;
    this.#contexts = contexts;
    this.#emit = emit;
    this.#traces = new TraceSlots(options.seed);
    this.ledger = new Ledger(options.maxDecisions, options.seed);
    this.#staging = new KeptStaging(arena);
  }

  get pendingSpans(): number {
    return this.#spans.count;
  }

  get pendingTraces(): number {
    return this.#traces.count;
  }

  /** What the byte budget counts: whole pinned segments and the columns. */
  get usedBytes(): number {
    return this.#arena.pinnedBytes + this.#spans.count * SPAN_SLOT_BYTES + this.#traces.count * TRACE_SLOT_BYTES;
  }

  /** Takes over every span of a committed batch: its bytes and its context references. */
  add(batch: SpanBatch, nowMs: number): void {
    const { count, trace0, trace1, trace2, trace3 } = batch;
    for (let row = 0; row < count; row++) {
      const a = trace0[row];
      const b = trace1[row];
      const c = trace2[row];
      const d = trace3[row];
      const hash = this.#traces.hash(a, b, c, d);
      let trace = this.#traces.find(hash, a, b, c, d);
      if (trace === NONE) {
        const decided = this.ledger.find(a, b, c, d);
        if (decided >= 0) {
          this.#addLate(batch, row, decided);
          continue;
        }
        trace = this.#traces.add(hash, a, b, c, d);
        this.#waiting.push(trace, this.#traces.generation[trace], nowMs + this.#options.decisionWaitMs);
      }
      this.#append(batch, row, trace, nowMs);
    }
    if (this.usedBytes > this.#options.maxPendingBytes) this.#relieve();
    this.flush();
  }

  /** Decides every trace whose time has come. */
  tick(nowMs: number): void {
    this.#decideDue(this.#rooted, nowMs, 'root');
    this.#decideDue(this.#waiting, nowMs, 'wait');
    this.flush();
  }

  /** Decides everything that waits, as at the end of the process. */
  decideAll(): void {
    this.#decideDue(this.#waiting, Infinity, 'stop');
    this.flush();
  }

  /** Hands over what is staged and gives its memory back. */
  flush(): void {
    const staging = this.#staging;
    if (staging.spanCount === 0) return;
    staging.contexts = this.#contexts.slots;
    this.#emit(staging);
    for (let row = 0; row < staging.spanCount; row++) {
      this.#arena.release(staging.segment[row], staging.length[row]);
      this.#contexts.release(staging.context[row], 1);
    }
    staging.clear();
  }

  #append(batch: SpanBatch, row: number, trace: number, nowMs: number): void {
    const spans = this.#spans;
    const traces = this.#traces;
    const slot = spans.take();
    const flags = batch.flags[row];
    spans.segment[slot] = batch.segment;
    spans.offset[slot] = batch.offset[row];
    spans.length[slot] = batch.length[row];
    spans.context[slot] = batch.context[row];
    spans.flags[slot] = flags;
    spans.next[slot] = traces.head[trace];
    traces.head[trace] = slot;
    traces.spanCount[trace]++;
    if (batch.status[row] === STATUS_ERROR) traces.flags[trace] |= TRACE_ERROR;
    if ((flags & (ENTRY | HAS_TRACE_STATE)) !== 0) this.#noteEntry(batch, row, trace, nowMs);
  }

  /** What few spans say about their trace: the time of an entry span, explicit randomness, that the root is there. */
  #noteEntry(batch: SpanBatch, row: number, trace: number, nowMs: number): void {
    const traces = this.#traces;
    const flags = batch.flags[row];
    if ((flags & ENTRY) !== 0) {
      const durationMs = batch.durationMs(row);
      if (durationMs > traces.longestMs[trace]) traces.longestMs[trace] = durationMs;
    }
    if ((flags & HAS_TRACE_STATE) !== 0) this.#readRandom(batch, row, trace);
    if ((flags & ROOT) !== 0 && (traces.flags[trace] & TRACE_HAS_ROOT) === 0) {
      traces.flags[trace] |= TRACE_HAS_ROOT;
      this.#rooted.push(trace, traces.generation[trace], nowMs + this.#options.afterRootMs);
    }
  }

  #readRandom(batch: SpanBatch, row: number, trace: number): void {
    const traces = this.#traces;
    if ((traces.flags[trace] & TRACE_HAS_RANDOM) !== 0) return;
    readOtState(batch.source.bytes, batch.stateOffset[row], batch.stateLength[row]);
    if (!otState.hasRandom) return;
    traces.flags[trace] |= TRACE_HAS_RANDOM;
    traces.randomHigh[trace] = otState.randomHigh;
    traces.randomLow[trace] = otState.randomLow;
  }

  #addLate(batch: SpanBatch, row: number, decided: number): void {
    if (!this.ledger.isKept(decided)) {
      this.counts.lateDroppedSpans++;
      if (batch.status[row] === STATUS_ERROR) this.counts.lateErrors++;
      this.#arena.release(batch.segment, batch.length[row]);
      this.#contexts.release(batch.context[row], 1);
      return;
    }
    const { policy, thresholdHigh, thresholdLow } = this.ledger.read(decided);
    const ids = [batch.trace0[row], batch.trace1[row], batch.trace2[row], batch.trace3[row]] as const;
    this.#staging.beginTrace(hexId(...ids), this.#options.policies[policy]?.name ?? '', true);
    const threshold = { high: thresholdHigh, low: thresholdLow };
    otState.hasRandom = false;
    if ((batch.flags[row] & HAS_TRACE_STATE) !== 0)
      readOtState(batch.source.bytes, batch.stateOffset[row], batch.stateLength[row]);
    const randomHigh = otState.hasRandom ? otState.randomHigh : idRandomHigh(ids[2], ids[3]);
    const randomLow = otState.hasRandom ? otState.randomLow : idRandomLow(ids[3]);
    const place = {
      segment: batch.segment,
      offset: batch.offset[row],
      length: batch.length[row],
      context: batch.context[row],
      flags: batch.flags[row],
    };
    this.#stage(place, { threshold, randomHigh, randomLow });
    this.counts.lateKeptSpans++;
    if (this.#staging.isFull) this.flush();
  }

  #decideDue(queue: DeadlineQueue, nowMs: number, cause: DecisionCause): void {
    while (queue.nextMs <= nowMs && queue.count > 0) this.#decideFirst(queue, cause);
  }

  /** Decides the first trace of a queue, unless the other queue was sooner. */
  #decideFirst(queue: DeadlineQueue, cause: DecisionCause): void {
    const { slot, generation } = queue;
    queue.shift();
    if (this.#traces.generation[slot] !== generation) return;
    this.#decide(slot, cause);
    if (this.#staging.isFull) this.flush();
  }

  #decide(trace: number, cause: DecisionCause): void {
    const traces = this.#traces;
    const facts = this.#facts;
    const flags = traces.flags[trace];
    facts.spanCount = traces.spanCount[trace];
    facts.hasError = (flags & TRACE_ERROR) !== 0;
    facts.longestEntryMs = traces.longestMs[trace];
    const hasRandom = (flags & TRACE_HAS_RANDOM) !== 0;
    const id0 = traces.id0[trace];
    const id1 = traces.id1[trace];
    const id2 = traces.id2[trace];
    const id3 = traces.id3[trace];
    const randomHigh = hasRandom ? traces.randomHigh[trace] : idRandomHigh(id2, id3);
    const randomLow = hasRandom ? traces.randomLow[trace] : idRandomLow(id3);
    const kept = decide(this.#options.policies, facts, randomHigh, randomLow);
    const { threshold, policy } = verdict;
    this.counts.decided[cause]++;
    const decision = { kept, policy, thresholdHigh: threshold.high, thresholdLow: threshold.low };
    this.ledger.add(id0, id1, id2, id3, decision);
    if (kept) {
      const name = this.#options.policies[policy]?.name ?? '';
      this.counts.keptTraces.set(name, (this.counts.keptTraces.get(name) ?? 0) + 1);
      this.#staging.beginTrace(hexId(id0, id1, id2, id3), name, false);
      this.#stageAll(traces.head[trace], { threshold, randomHigh, randomLow });
    } else {
      this.counts.notSampledSpans += facts.spanCount;
      this.#dropAll(traces.head[trace]);
    }
    traces.remove(trace);
  }

  #stageAll(head: number, decision: TraceDecision): void {
    const spans = this.#spans;
    const { segment, offset, length, context, flags, next } = spans;
    for (let slot = spans.inOrder(head); slot !== NONE;) {
      const following = next[slot];
      this.#stage(
        {
          segment: segment[slot],
          offset: offset[slot],
          length: length[slot],
          context: context[slot],
          flags: flags[slot],
        },
        decision,
      );
      spans.give(slot);
      slot = following;
    }
  }

  #dropAll(head: number): void {
    const spans = this.#spans;
    const { segment, length, context, next } = spans;
    for (let slot = head; slot !== NONE;) {
      const following = next[slot];
      this.#arena.release(segment[slot], length[slot]);
      this.#contexts.release(context[slot], 1);
      spans.give(slot);
      slot = following;
    }
  }

  #stage(place: SpanPlace, decision: TraceDecision): void {
    const { segment, offset, length, context, flags } = place;
    const source = this.#contexts.slots[context];
    const { bytes } = this.#arena.source(segment);
    const unsampled = source?.unsampled ?? false;
    const suffix = thresholdSuffix({ bytes, offset, length, flags, unsampled }, decision);
    if (outcome.found === 'unknown') {
      this.counts.unknownThresholds++;
      this.unknown.add(source?.serviceName ?? '');
    } else if (outcome.found === 'inconsistent') this.counts.inconsistentThresholds++;
    this.#staging.addSpan(segment, offset, length, context, suffix);
    this.counts.keptSpans++;
  }

  /** Frees memory: where long traces pin much that is empty, that is emptied; else the oldest traces are decided early. */
  #relieve(): void {
    for (;;) {
      this.flush();
      const sparse = this.#arena.sparse();
      if (sparse.length * SEGMENT_BYTES >= this.#arena.pinnedBytes * EVACUATE_FROM)
        this.#spans.evacuate(this.#arena, new Set(sparse));
      if (this.usedBytes <= this.#options.maxPendingBytes || this.#waiting.count === 0) return;
      for (let i = 0; i < RELIEF_TRACES && this.#waiting.count > 0; i++) this.#decideFirst(this.#waiting, 'budget');
    }
  }
}

/** Share of sparse segments from which they are emptied. Below, they are the oldest, and soon empty by themselves. */
const EVACUATE_FROM = 0.25;
/** Traces decided early between two looks at the budget. */
const RELIEF_TRACES = 64;
