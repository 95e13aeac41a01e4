// Spans wait here for the rest of their trace; then the trace is decided and its spans are staged or released.
// Pure: time and arena come as arguments, kept traces leave through `emit`, counts are read by the owner.
import { type Arena, SEGMENT_BYTES } from '../otlp/arena.ts';
import type { ContextTable } from '../otlp/context-table.ts';
import { HAS_TRACE_STATE, type SpanBatch, STATUS_ERROR } from '../otlp/span-batch.ts';
import { hexId, idRandomHigh, idRandomLow } from '../otlp/trace-id.ts';
import { RecentEstimate } from './adjusted-count.ts';
import type { BudgetOptions } from './budget.ts';
import type { DeadlineQueue } from './deadline-queue.ts';
import { Decisions, type Outcome } from './decisions.ts';
import type { HardCapOptions } from './hard-caps.ts';
import { IdRandomness } from './id-randomness.ts';
import { KeptStaging } from './kept-staging.ts';
import { Ledger } from './ledger.ts';
import { type DecisionCause, emptyCounts } from './sample-counts.ts';
import { type KeepReason, REASON_OF, reasonBytes } from './reason.ts';
import type { Sampler } from './sampler.ts';
import { PendingTraces, type WaitOptions } from './pending-traces.ts';
import { NONE, SPAN_SLOT_BYTES } from './span-slots.ts';
import type { TraceDecision } from './threshold-suffix.ts';
import { TRACE_HELD, TRACE_SLOT_BYTES } from './trace-slots.ts';
import { UnknownThresholds } from './unknown-thresholds.ts';

export interface TraceBufferOptions extends WaitOptions {
  readonly sampler: Sampler;
  /** Bytes of pinned arena segments and columns beyond which the oldest traces are decided early. */
  readonly maxPendingBytes: number;
  readonly maxDecisions: number;
  readonly hardCaps?: HardCapOptions | undefined;
  readonly budget?: BudgetOptions | undefined;
  readonly shadow?: Sampler | undefined;
  /** Milliseconds since the epoch of a monotonic time. */
  readonly wallMs?: (monotonicMs: number) => number;
  /** Whether kept spans say which policy kept them. */
  readonly reasonAttributes?: boolean;
  readonly seed: number;
}

/** Waiting spans and what was decided of traces that no longer wait. */
export class TraceBuffer {
  readonly counts = emptyCounts();
  readonly unknown = new UnknownThresholds();
  readonly randomness = new IdRandomness();
  /** Services whose ids turned out not to be random. */
  readonly notRandom: string[] = [];
  readonly estimate = new RecentEstimate();
  readonly ledger: Ledger;
  readonly decisions: Decisions;
  readonly #options: TraceBufferOptions;
  readonly #arena: Arena;
  readonly #contexts: ContextTable;
  readonly #emit: (batch: KeptStaging) => void;
  readonly #pending: PendingTraces;
  readonly #staging: KeptStaging;

  constructor(options: TraceBufferOptions, arena: Arena, contexts: ContextTable, emit: (batch: KeptStaging) => void) {
    this.#options = options;
    this.#arena = arena;
    this.#contexts = contexts;
    this.#emit = emit;
    this.ledger = new Ledger(options.maxDecisions, options.seed);
    const { sampler, hardCaps, budget, shadow, wallMs = (ms) => ms } = options;
    this.decisions = new Decisions({ sampler, hardCaps, budget, shadow, wallMs, ledger: this.ledger });
    this.#staging = new KeptStaging(arena, contexts, this.counts, this.unknown);
    const matchers = [...sampler.matchers, ...(shadow?.matchers ?? [])];
    const watchers = { matchers, budget: this.decisions.budget };
    this.#pending = new PendingTraces(options, watchers, arena, contexts);
  }

  get pendingSpans(): number {
    return this.#pending.spans.count;
  }

  get pendingTraces(): number {
    return this.#pending.traces.count;
  }

  /** Of a trace that waits: when its first span came, monotonic, and how many have come. */
  waiting(id0: number, id1: number, id2: number, id3: number): { startMs: number; spanCount: number } | undefined {
    const { traces } = this.#pending;
    const trace = traces.find(traces.hash(id0, id1, id2, id3), id0, id1, id2, id3);
    return trace === NONE ? undefined : { startMs: traces.startMs[trace], spanCount: traces.spanCount[trace] };
  }

  /** What the byte budget counts: whole pinned segments and the columns. */
  get usedBytes(): number {
    return (
      this.#arena.pinnedBytes +
      this.#pending.spans.count * SPAN_SLOT_BYTES +
      this.#pending.traces.count * TRACE_SLOT_BYTES
    );
  }

  /** Takes over every span of a committed batch: its bytes and its context references. */
  add(batch: SpanBatch, nowMs: number): void {
    const { count, trace0, trace1, trace2, trace3 } = batch;
    const pending = this.#pending;
    const { traces } = pending;
    for (let row = 0; row < count; row++) {
      const a = trace0[row];
      const b = trace1[row];
      const c = trace2[row];
      const d = trace3[row];
      const hash = traces.hash(a, b, c, d);
      let trace = traces.find(hash, a, b, c, d);
      if (trace === NONE) {
        const decided = this.ledger.find(a, b, c, d);
        if (decided >= 0) {
          this.#addLate(batch, row, decided);
          continue;
        }
        trace = pending.open(hash, a, b, c, d, nowMs);
        this.#lookAtId(batch, row);
      }
      if (pending.append(batch, row, trace, nowMs)) this.#decide(trace, nowMs, 'size');
    }
    if (this.usedBytes > this.#options.maxPendingBytes) this.#relieve(nowMs);
    this.flush();
  }

  /** Decides traces whose time has come, up to about `maxSpans` of their spans. @returns whether more are due */
  tick(nowMs: number, maxSpans = Infinity): boolean {
    let left = this.#decideDue(this.#pending.failed, nowMs, 'error', maxSpans);
    left = this.#decideDue(this.#pending.rooted, nowMs, 'root', left);
    left = this.#decideDue(this.#pending.waiting, nowMs, 'wait', left);
    if (this.decisions.sliceEndMs <= nowMs) this.#closeSlice(nowMs);
    this.flush();
    return left <= 0;
  }

  /** Decides everything that waits, as at the end of the process. */
  decideAll(nowMs: number): void {
    while (this.#pending.waiting.count > 0) this.#decideFirst(this.#pending.waiting, nowMs, 'stop');
    this.#closeSlice(nowMs);
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

  /** Explicit randomness makes it the sender's business what its ids are. */
  #lookAtId(batch: SpanBatch, row: number): void {
    if ((batch.flags[row] & HAS_TRACE_STATE) !== 0) return;
    const context = this.#contexts.slots[batch.context[row]];
    const { trace2, trace3 } = batch;
    const found = this.randomness.look(context, idRandomHigh(trace2[row], trace3[row]), idRandomLow(trace3[row]));
    if (found !== undefined) this.notRandom.push(found);
  }

  #addLate(batch: SpanBatch, row: number, decided: number): void {
    if (!this.ledger.isKept(decided)) {
      this.counts.lateDroppedSpans++;
      if (batch.status[row] === STATUS_ERROR) this.counts.lateErrors++;
      this.#arena.release(batch.segment, batch.length[row]);
      this.#contexts.release(batch.context[row], 1);
      return;
    }
    const { policy, thresholdHigh, thresholdLow, ...random } = this.ledger.read(decided);
    const ids = [batch.trace0[row], batch.trace1[row], batch.trace2[row], batch.trace3[row]] as const;
    this.#staging.beginTrace(hexId(...ids), this.#nameOf(policy), true);
    const isErased = policy < 0 || (random.capped && this.decisions.erasesCapped);
    const randomHigh = random.hasRandom ? random.randomHigh : idRandomHigh(ids[2], ids[3]);
    const randomLow = random.hasRandom ? random.randomLow : idRandomLow(ids[3]);
    const { offset, length, context, flags } = batch;
    this.#staging.addSpan(
      { segment: batch.segment, offset: offset[row], length: length[row], context: context[row], flags: flags[row] },
      {
        threshold: isErased ? undefined : { high: thresholdHigh, low: thresholdLow },
        randomHigh,
        randomLow,
        reason: this.#reason(policy, 'late', false),
      },
    );
    this.counts.lateKeptSpans++;
    if (this.#staging.isFull) this.flush();
  }

  #reason(policy: number, reason: KeepReason, isCut: boolean): Uint8Array | undefined {
    return this.#options.reasonAttributes === true ? reasonBytes(this.#nameOf(policy), reason, isCut) : undefined;
  }

  #nameOf(policy: number): string {
    return this.#options.sampler.policies[policy]?.name ?? PINNED;
  }

  /** @returns spans left of `maxSpans` */
  #decideDue(queue: DeadlineQueue, nowMs: number, cause: DecisionCause, maxSpans: number): number {
    let left = maxSpans;
    while (left > 0 && queue.nextMs <= nowMs && queue.count > 0) left -= this.#decideFirst(queue, nowMs, cause);
    return left;
  }

  /** Decides the first trace of a queue, unless another queue was sooner. @returns its spans */
  #decideFirst(queue: DeadlineQueue, nowMs: number, cause: DecisionCause): number {
    const { slot, generation } = queue;
    queue.shift();
    const { traces } = this.#pending;
    if (traces.generation[slot] !== generation || (traces.flags[slot] & TRACE_HELD) !== 0) return 0;
    const spans = traces.spanCount[slot];
    this.#decide(slot, nowMs, cause);
    return spans;
  }

  #decide(trace: number, nowMs: number, cause: DecisionCause): void {
    const pending = this.#pending;
    this.counts.decided[cause]++;
    const outcome = this.decisions.decide(trace, pending.identityOf(trace), pending.factsOf(trace, nowMs), cause);
    if (outcome === undefined) pending.traces.flags[trace] |= TRACE_HELD;
    else this.#apply(trace, outcome, nowMs);
  }

  /** Ends the slice of the hard caps: traces held for it are decided now. */
  #closeSlice(nowMs: number): void {
    this.decisions.closeSlice(nowMs, (trace, outcome) => {
      if (!outcome.kept) this.counts.cappedTraces++;
      this.#apply(trace, outcome, nowMs);
    });
  }

  /** Passes a decided trace's spans on or gives them back. */
  #apply(trace: number, { kept, policy, threshold, isCut, isPinned, erasesThreshold }: Outcome, nowMs: number): void {
    const { traces } = this.#pending;
    this.estimate.add(traces.spanCount[trace], kept && !erasesThreshold ? threshold : undefined, nowMs);
    if (kept) {
      const { id0, id1, id2, id3, randomHigh, randomLow } = this.#pending.identityOf(trace);
      const name = this.#nameOf(policy);
      this.counts.keptTraces.set(name, (this.counts.keptTraces.get(name) ?? 0) + 1);
      this.#staging.beginTrace(hexId(id0, id1, id2, id3), name, false);
      const keptBy = this.#options.sampler.policies[policy]?.class ?? 'rest';
      const reason = this.#reason(policy, isPinned ? 'pin' : REASON_OF[keptBy], isCut);
      this.#stageAll(traces.head[trace], {
        threshold: erasesThreshold ? undefined : threshold,
        randomHigh,
        randomLow,
        reason,
      });
    } else {
      const isDropped = policy >= 0 && this.#options.sampler.policies[policy]?.drops === true;
      this.counts[isDropped ? 'droppedSpans' : 'notSampledSpans'] += traces.spanCount[trace];
      this.#pending.drop(traces.head[trace]);
    }
    traces.remove(trace);
    if (this.#staging.isFull) this.flush();
  }

  #stageAll(head: number, decision: TraceDecision): void {
    const { spans } = this.#pending;
    const { segment, offset, length, context, flags, next } = spans;
    for (let slot = spans.inOrder(head); slot !== NONE;) {
      const following = next[slot];
      this.#staging.addSpan(
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

  /** Frees memory: where long traces pin much that is empty, that is emptied; else the oldest traces are decided early. */
  #relieve(nowMs: number): void {
    for (;;) {
      this.flush();
      const sparse = this.#arena.sparse();
      if (sparse.length * SEGMENT_BYTES >= this.#arena.pinnedBytes * EVACUATE_FROM)
        this.#pending.spans.evacuate(this.#arena, new Set(sparse));
      if (this.usedBytes <= this.#options.maxPendingBytes || this.pendingTraces === 0) return;
      for (let i = 0; i < RELIEF_TRACES && this.#pending.waiting.count > 0; i++)
        this.#decideFirst(this.#pending.waiting, nowMs, 'budget');
      // What the hard caps hold is memory too.
      if (this.#pending.waiting.count === 0) this.#closeSlice(nowMs);
    }
  }
}

/** Share of sparse segments from which they are emptied. Below, they are the oldest, and soon empty by themselves. */
const EVACUATE_FROM = 0.25;
/** Traces decided early between two looks at the budget. */
const RELIEF_TRACES = 64;
/** Stands where a policy's name would: no policy kept the trace. */
const PINNED = 'pin';
