// From facts to a decision: policies, then the ceilings of budget and overload, then hard caps, then the ledger.
import { type Half56, higherThreshold, isBelow, KEEP_ALL } from '../otlp/trace-state.ts';
import { hexId } from '../otlp/trace-id.ts';
import { Budget, type BudgetOptions } from './budget.ts';
import type { TraceFacts } from './facts.ts';
import { type Candidate, type HardCapOptions, HardCaps, SLICE_MS } from './hard-caps.ts';
import type { Ledger } from './ledger.ts';
import { LinkedTraces } from './linked-traces.ts';
import { Overload } from './overload.ts';
import { Pins } from './pins.ts';
import type { Sake } from './reason.ts';
import type { Ending } from './deadlines.ts';
import type { SampleCounts } from './sample-counts.ts';
import {
  type ArrivalListener,
  isWanted,
  judge,
  type Policy,
  type PolicyClass,
  type Sampler,
  verdict,
} from './sampler.ts';
import { Shadow } from './shadow.ts';

/** The id of a trace and the randomness it is decided by. */
export interface TraceIdentity {
  readonly id0: number;
  readonly id1: number;
  readonly id2: number;
  readonly id3: number;
  readonly randomHigh: number;
  readonly randomLow: number;
  /** The randomness came in the tracestate instead of the id. */
  readonly hasRandom: boolean;
}

/**
 * A decision. `threshold` is what the randomness was compared with; `policy` is -1 where none had a say, or the trace is
 * kept for another's sake.
 */
export interface Outcome {
  readonly kept: boolean;
  readonly policy: number;
  readonly threshold: Half56;
  /** The trace was so large that it was decided before its time. */
  readonly isCut: boolean;
  /** For whose sake it is kept; undefined where its policies decided. */
  readonly sake: Sake | undefined;
  /** Kept spans carry no threshold, because it would say nothing about the rest. */
  readonly erasesThreshold: boolean;
}

export interface DecisionsOptions {
  readonly sampler: Sampler;
  readonly ledger: Ledger;
  readonly counts: SampleCounts;
  readonly hardCaps: HardCapOptions | undefined;
  readonly budget: BudgetOptions | undefined;
  /** Policies to ask beside those in force. */
  readonly shadow: Sampler | undefined;
  /** Wall clock for the ledger, milliseconds since the epoch, of a monotonic time. */
  readonly wallMs: (monotonicMs: number) => number;
}

/** What is known of a candidate of the hard caps until its slice ends. */
interface Held {
  readonly candidate: Candidate;
  readonly identity: TraceIdentity;
  readonly facts: Omit<TraceFacts, 'spans'>;
  readonly ending: Ending;
  readonly isPinned: boolean;
}

/** Ticks make slices a little longer than they should be; what is longer still gets no more room for it. */
const MAX_SLICE_SECONDS = 1.5;

/** Decides traces. Only the hard caps make a trace wait once more, until `closeSlice`. */
export class Decisions {
  readonly budget: Budget | undefined;
  readonly overload = new Overload();
  readonly pins: Pins;
  readonly linked: LinkedTraces;
  /** Whether what hard caps leave carries no threshold. */
  readonly erasesCapped: boolean;
  readonly shadow: Shadow | undefined;
  /** Who counts spans as they come, as `Policy.arrived`. */
  readonly listeners: readonly ArrivalListener[];
  readonly #sampler: Sampler;
  readonly #observers: readonly Policy[];
  readonly #ledger: Ledger;
  readonly #wallMs: DecisionsOptions['wallMs'];
  readonly #caps: HardCaps | undefined;
  readonly #held = new Map<Candidate, Held>();
  #heldBytes = 0;
  #sliceEndMs = 0;
  #closedMs = 0;

  constructor({ sampler, ledger, counts, hardCaps, budget, shadow, wallMs }: DecisionsOptions) {
    this.pins = new Pins(sampler.keys);
    this.linked = new LinkedTraces(counts);
    this.shadow =
      shadow === undefined
        ? undefined
        : new Shadow(shadow, sampler.matchers.length, sampler.keys.of(['service', 'operation']));
    this.#sampler = sampler;
    const listening = sampler.policies.filter(({ arrived }) => arrived !== undefined);
    this.listeners = this.shadow?.listens === true ? [...listening, this.shadow] : listening;
    this.#observers = sampler.policies.filter(({ observe }) => observe !== undefined);
    this.#ledger = ledger;
    this.#wallMs = wallMs;
    this.erasesCapped = hardCaps?.writesThreshold === false;
    this.#caps = hardCaps === undefined ? undefined : new HardCaps(hardCaps);
    this.budget = budget === undefined ? undefined : new Budget(budget);
  }

  /**
   * Decides a trace, unless the hard caps must see the rest of their slice first.
   *
   * @param trace its slot, given back by `closeSlice`
   * @returns undefined where the trace is held until then
   */
  decide(trace: number, identity: TraceIdentity, facts: TraceFacts, ending: Ending): Outcome | undefined {
    const { policies } = this.#sampler;
    judge(policies, facts);
    const { policy, drops } = verdict;
    const policyClass = policies[policy]?.class;
    const { randomHigh, randomLow } = identity;
    const threshold = policyClass === 'rest' ? this.#underCeilings(verdict.threshold, facts) : verdict.threshold;
    const passes = policy >= 0 && !drops && !isBelow(randomHigh, randomLow, threshold.high, threshold.low);
    for (const each of this.#observers) each.observe?.(facts, verdict);
    // Last of those that read the verdict, and about it alone: what ceilings, caps, pins and links do is not compared.
    this.shadow?.look(facts, randomHigh, randomLow, isWanted(randomHigh, randomLow));
    if (passes && policyClass !== undefined && this.#caps !== undefined) {
      const { spanCount: spans, sizeBytes: bytes } = facts;
      const candidate = { trace, class: policyClass, policy, threshold, randomHigh, randomLow, spans, bytes };
      this.#hold(candidate, identity, facts, ending);
      return undefined;
    }
    const sake = passes || drops ? undefined : this.#sakeOf(trace, this.#isPinned(identity, facts));
    const outcome = outcomeOf(passes, policy, threshold, ending, sake);
    this.#record(trace, identity, facts, ending, outcome, drops, false);
    return outcome;
  }

  /** An operation has left its baseline, or is back. */
  violated(operation: string, isOpen: boolean, nowMs: number): void {
    for (const policy of this.#sampler.policies) policy.violated?.(operation, isOpen, nowMs);
    this.shadow?.violated(operation, isOpen, nowMs);
  }

  /** Bytes of spans that go when the slice ends. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Milliseconds, monotonic, at which the slice ends; Infinity where nothing is held. */
  get sliceEndMs(): number {
    return this.#held.size === 0 ? Infinity : this.#sliceEndMs;
  }

  /** Ends the slice of the hard caps. @param settle called once for each trace that was held */
  closeSlice(nowMs: number, settle: (trace: number, outcome: Outcome) => void): void {
    const caps = this.#caps;
    if (caps === undefined || this.#held.size === 0) return;
    const beganMs = Math.min(nowMs, Math.max(this.#closedMs, this.#sliceEndMs - SLICE_MS));
    const seconds = Math.min(MAX_SLICE_SECONDS, (nowMs - beganMs) / 1000);
    const idleSeconds = Math.max(0, (beganMs - this.#closedMs) / 1000);
    this.#closedMs = nowMs;
    const left: { held: Held; threshold: Half56 }[] = [];
    caps.close({ seconds, idleSeconds }, (candidate, kept, threshold) => {
      const held = this.#held.get(candidate);
      if (held === undefined) return;
      if (kept) this.#settle(held, threshold, true, settle);
      else left.push({ held, threshold });
    });
    // After all that are kept, which may link to them.
    for (const { held, threshold } of left) this.#settle(held, threshold, false, settle);
    this.#held.clear();
    this.#heldBytes = 0;
  }

  /** Decides a candidate. What is kept for another's sake passes no cap. */
  #settle(
    { candidate, identity, facts, ending, isPinned }: Held,
    threshold: Half56,
    passes: boolean,
    settle: (trace: number, outcome: Outcome) => void,
  ): void {
    const { trace, policy } = candidate;
    const isCapped = threshold !== candidate.threshold;
    const sake = passes ? undefined : this.#sakeOf(trace, isPinned);
    const decided = outcomeOf(passes, policy, threshold, ending, sake);
    const outcome = isCapped && this.erasesCapped ? { ...decided, erasesThreshold: true } : decided;
    this.#record(trace, identity, facts, ending, outcome, false, isCapped);
    settle(trace, outcome);
  }

  #isPinned(identity: TraceIdentity, facts: TraceFacts): boolean {
    return this.pins.count > 0 && this.pins.has(hexOf(identity), facts);
  }

  /** For whose sake a trace is kept that its policies do not keep, unless one of them drops it. */
  #sakeOf(trace: number, isPinned: boolean): Sake | undefined {
    if (isPinned) return 'pin';
    return this.linked.get(trace) === undefined ? undefined : 'link';
  }

  #hold(candidate: Candidate, identity: TraceIdentity, facts: TraceFacts, ending: Ending): void {
    // A slice begins with its first candidate, so that nothing is thinned out by a slice that was already half over.
    if (this.#held.size === 0) this.#sliceEndMs = facts.nowMs + SLICE_MS;
    const isPinned = this.#isPinned(identity, facts);
    this.#held.set(candidate, { candidate, identity: { ...identity }, facts: { ...facts }, ending, isPinned });
    this.#heldBytes += candidate.bytes;
    this.#caps?.add(candidate);
  }

  #underCeilings(threshold: Half56, facts: TraceFacts): Half56 {
    const budget = this.budget?.ceiling(facts.startMs, facts.nowMs) ?? KEEP_ALL;
    return higherThreshold(higherThreshold(threshold, budget), this.overload.ceiling);
  }

  #record(
    trace: number,
    identity: TraceIdentity,
    facts: Omit<TraceFacts, 'spans'>,
    ending: Ending,
    { kept, policy, threshold, isCut, sake }: Outcome,
    drops: boolean,
    capped: boolean,
  ): void {
    const policyClass: PolicyClass | undefined = this.#sampler.policies[policy]?.class;
    this.budget?.decided(drops ? undefined : policyClass, kept, facts.spanCount, facts.sizeBytes);
    const { id0, id1, id2, id3, randomHigh, randomLow, hasRandom } = identity;
    const link = sake === 'link' ? this.linked.get(trace) : undefined;
    this.#ledger.add(id0, id1, id2, id3, {
      kept,
      policy,
      thresholdHigh: link?.fromHigh ?? threshold.high,
      thresholdLow: link?.fromLow ?? threshold.low,
      randomHigh,
      randomLow,
      hasRandom,
      cause: ending.cause,
      wait: ending.wait,
      spanCount: facts.spanCount,
      longestEntryMs: facts.longestEntryMs,
      rootMs: facts.rootMs,
      hasError: facts.hasError,
      matched: facts.matched,
      capped,
      drops,
      linked: link !== undefined,
      cut: isCut,
      nowMs: this.#wallMs(facts.nowMs),
    });
  }
}

function outcomeOf(
  passes: boolean,
  policy: number,
  threshold: Half56,
  ending: Ending,
  sake: Sake | undefined,
): Outcome {
  const isForAnother = sake !== undefined;
  return {
    kept: passes || isForAnother,
    policy: isForAnother ? -1 : policy,
    threshold,
    isCut: ending.cause === 'size',
    sake,
    erasesThreshold: isForAnother,
  };
}

function hexOf({ id0, id1, id2, id3 }: TraceIdentity): string {
  return hexId(id0, id1, id2, id3);
}
