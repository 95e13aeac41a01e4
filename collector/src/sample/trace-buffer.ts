// Spans wait here for the rest of their trace; then the trace is decided and its spans are staged or released.
// Pure: time and arena come as arguments, kept traces leave through `emit`, counts are read by the owner.
import { type Arena, SEGMENT_BYTES } from '../otlp/arena.ts';
import type { ContextTable } from '../otlp/context-table.ts';
import { HAS_LINKS, HAS_TRACE_STATE, type SpanBatch } from '../otlp/span-batch.ts';
import { hexId, idRandomHigh, idRandomLow } from '../otlp/trace-id.ts';
import { RecentEstimate } from './adjusted-count.ts';
import type { BudgetOptions } from './budget.ts';
import type { DecisionListener } from './contract.ts';
import { type Ending, endingOf } from './deadlines.ts';
import { Decisions, type Outcome } from './decisions.ts';
import type { HardCapOptions } from './hard-caps.ts';
import { IdRandomness } from './id-randomness.ts';
import { KeptStaging } from './kept-staging.ts';
import { LateSpans } from './late-spans.ts';
import { Ledger } from './ledger.ts';
import type { WaitingTrace } from './ledger-history.ts';
import { Links } from './links.ts';
import { KeepReasons, REASON_OF } from './reason.ts';
import { emptyCounts } from './sample-counts.ts';
import type { Policy, Sampler } from './sampler.ts';
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
  /** Whether traces that kept ones link to are kept too. */
  readonly links?: 'follow' | 'ignore';
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
  /** Told of every decision, where anything follows them. */
  decided: DecisionListener | undefined;
  readonly #options: TraceBufferOptions;
  readonly #arena: Arena;
  readonly #contexts: ContextTable;
  readonly #emit: (batch: KeptStaging) => void;
  readonly #pending: PendingTraces;
  readonly #staging: KeptStaging;
  readonly #reasons: KeepReasons;
  readonly #late: LateSpans;
  readonly #links: Links | undefined;

  constructor(options: TraceBufferOptions, arena: Arena, contexts: ContextTable, emit: (batch: KeptStaging) => void) {
    this.#options = options;
    this.#arena = arena;
    this.#contexts = contexts;
    this.#emit = emit;
    this.ledger = new Ledger(options.maxDecisions, options.seed);
    const { sampler, hardCaps, budget, shadow, wallMs = (ms) => ms, seed, decisionWaitMs: waitMs } = options;
    const { ledger, counts } = this;
    this.decisions = new Decisions({ sampler, hardCaps, budget, shadow, wallMs, ledger, counts });
    this.#staging = new KeptStaging(arena, contexts, this.counts, this.unknown);
    this.#reasons = new KeepReasons(sampler.policies, { writesAttributes: options.reasonAttributes === true });
    const matchers = [...sampler.matchers, ...(shadow?.matchers ?? [])];
    const watchers = {
      matchers,
      budget: this.decisions.budget,
      listeners: this.decisions.listeners,
      waits: sampler.waits,
    };
    this.#pending = new PendingTraces(options, watchers, arena, contexts);
    const { decisions } = this;
    const { linked } = decisions;
    if (options.links !== 'ignore')
      this.#links = new Links({ pending: this.#pending.traces, linked, ledger, counts, waitMs, seed });
    const [reasons, links, staging] = [this.#reasons, this.#links, this.#staging];
    this.#late = new LateSpans({ ledger, decisions, counts, reasons, links, staging, arena, contexts });
  }

  /** Those in force, in order. */
  get policies(): readonly Policy[] {
    return this.#options.sampler.policies;
  }

  get pendingSpans(): number {
    return this.#pending.spans.count;
  }

  get pendingTraces(): number {
    return this.#pending.traces.count;
  }

  /** Tells of a trace that waits. */
  waiting(id0: number, id1: number, id2: number, id3: number): WaitingTrace | undefined {
    const { traces } = this.#pending;
    const trace = traces.find(traces.hash(id0, id1, id2, id3), id0, id1, id2, id3);
    if (trace === NONE) return undefined;
    const isLinked = this.decisions.linked.get(trace) !== undefined;
    return { startMs: traces.startMs[trace], spanCount: traces.spanCount[trace], isLinked };
  }

  /** What the byte budget counts: whole pinned segments and the columns. */
  get usedBytes(): number {
    return (
      this.#arena.pinnedBytes +
      this.#pending.spans.count * SPAN_SLOT_BYTES +
      this.#pending.traces.count * TRACE_SLOT_BYTES +
      (this.#links?.sizeBytes ?? 0)
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
          this.#late.add(batch, row, decided, nowMs);
          if (this.#staging.isFull) this.flush();
          continue;
        }
        trace = pending.open(hash, a, b, c, d, nowMs);
        if (this.#links !== undefined && this.#links.awaited > 0) this.#links.arrived(trace, hash, a, b, c, d);
        this.#lookAtId(batch, row);
      }
      if (pending.append(batch, row, trace, nowMs)) this.#decide(trace, nowMs, GROWN);
    }
    if (this.usedBytes > this.#options.maxPendingBytes) this.#relieve(nowMs);
    this.flush();
  }

  /** Decides traces whose time has come, up to about `maxSpans` of their spans. @returns whether more are due */
  tick(nowMs: number, maxSpans = Infinity): boolean {
    const { deadlines, traces } = this.#pending;
    let left = maxSpans;
    while (left > 0) {
      const trace = deadlines.next(nowMs);
      if (trace === NONE) break;
      left -= traces.spanCount[trace];
      this.#decide(trace, nowMs, deadlines.ending);
    }
    if (this.decisions.sliceEndMs <= nowMs) this.#closeSlice(nowMs);
    this.#links?.expire(nowMs);
    this.flush();
    return left <= 0;
  }

  /** Decides everything that waits, as at the end of the process. */
  decideAll(nowMs: number): void {
    while (this.#decideOldest(nowMs, STOPPED));
    this.#closeSlice(nowMs);
    this.#links?.expire(Infinity);
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

  /** Decides the trace that has waited longest. @returns false where none waits */
  #decideOldest(nowMs: number, ending: Ending): boolean {
    const trace = this.#pending.deadlines.oldest();
    if (trace === NONE) return false;
    this.#decide(trace, nowMs, ending);
    return true;
  }

  #decide(trace: number, nowMs: number, ending: Ending): void {
    const pending = this.#pending;
    this.counts.decided[ending.cause]++;
    const outcome = this.decisions.decide(trace, pending.identityOf(trace), pending.factsOf(trace, nowMs), ending);
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
  #apply(trace: number, { kept, policy, threshold, isCut, sake, erasesThreshold }: Outcome, nowMs: number): void {
    const { traces } = this.#pending;
    this.estimate.add(traces.spanCount[trace], kept && !erasesThreshold ? threshold : undefined, nowMs);
    if (kept) {
      const { id0, id1, id2, id3, randomHigh, randomLow } = this.#pending.identityOf(trace);
      const name = this.#reasons.nameOf(policy, sake);
      this.counts.keptTraces.set(name, (this.counts.keptTraces.get(name) ?? 0) + 1);
      this.#staging.beginTrace(hexId(id0, id1, id2, id3), name, false);
      const keptBy = this.#options.sampler.policies[policy]?.class ?? 'rest';
      const reason = this.#reasons.bytesOf(name, sake ?? REASON_OF[keptBy], isCut);
      // Links are followed from traces that are kept by their own right only.
      const links = sake === undefined ? this.#links : undefined;
      links?.begin(id0, id1, id2, id3);
      const decision = { threshold: erasesThreshold ? undefined : threshold, randomHigh, randomLow, reason };
      this.#stageAll(traces.head[trace], decision, links, nowMs);
    } else {
      const isDropped = policy >= 0 && this.#options.sampler.policies[policy]?.drops === true;
      this.counts[isDropped ? 'droppedSpans' : 'notSampledSpans'] += traces.spanCount[trace];
      this.#pending.drop(traces.head[trace]);
    }
    this.decisions.linked.settle(trace, kept);
    this.decided?.(kept, traces.id0[trace], traces.id1[trace], traces.id2[trace], traces.id3[trace]);
    traces.remove(trace);
    if (this.#staging.isFull) this.flush();
  }

  #stageAll(head: number, decision: TraceDecision, links: Links | undefined, nowMs: number): void {
    const { spans } = this.#pending;
    const { segment, offset, length, context, flags, next } = spans;
    for (let slot = spans.inOrder(head); slot !== NONE;) {
      const following = next[slot];
      if (links !== undefined && (flags[slot] & HAS_LINKS) !== 0)
        links.follow(this.#arena.source(segment[slot]).bytes, offset[slot], length[slot], nowMs);
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
      let decided = 0;
      // What the hard caps hold goes when their slice ends, so no more need be decided than makes room with that.
      const isOver = (): boolean => this.usedBytes - this.decisions.heldBytes > this.#options.maxPendingBytes;
      while (decided < RELIEF_TRACES && isOver() && this.#decideOldest(nowMs, RELIEVED)) decided++;
      if (decided < RELIEF_TRACES) this.#closeSlice(nowMs);
    }
  }
}

/** Share of sparse segments from which they are emptied. Below, they are the oldest, and soon empty by themselves. */
const EVACUATE_FROM = 0.25;
/** Traces decided early between two looks at the budget. */
const RELIEF_TRACES = 64;
/** What ends the waiting before its time. */
const GROWN = endingOf('size');
const RELIEVED = endingOf('budget');
const STOPPED = endingOf('stop');
