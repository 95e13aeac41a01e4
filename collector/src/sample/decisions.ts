// From facts to a decision: policies, then the ceilings of budget and overload, then hard caps, then the ledger.
import { type Half56, higherThreshold, isBelow, KEEP_ALL } from '../otlp/trace-state.ts';
import { hexId } from '../otlp/trace-id.ts';
import { Budget, type BudgetOptions } from './budget.ts';
import type { TraceFacts } from './facts.ts';
import { type Candidate, type HardCapOptions, HardCaps, SLICE_MS } from './hard-caps.ts';
import type { Ledger } from './ledger.ts';
import { Overload } from './overload.ts';
import type { DecisionCause } from './sample-counts.ts';
import { Pins } from './pins.ts';
import { judge, type Policy, type PolicyClass, type Sampler, verdict } from './sampler.ts';
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

/** A decision. `threshold` is what the randomness was compared with; `policy` is -1 where none had a say. */
export interface Outcome {
  readonly kept: boolean;
  readonly policy: number;
  readonly threshold: Half56;
  /** The trace was so large that it was decided before its time. */
  readonly isCut: boolean;
  /** Kept because someone asked for it. */
  readonly isPinned: boolean;
  /** Kept spans carry no threshold, because it would say nothing about the rest. */
  readonly erasesThreshold: boolean;
}

export interface DecisionsOptions {
  readonly sampler: Sampler;
  readonly ledger: Ledger;
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
  readonly cause: DecisionCause;
}

/** Ticks make slices a little longer than they should be; what is longer still gets no more room for it. */
const MAX_SLICE_SECONDS = 1.5;

/** Decides traces. Only the hard caps make a trace wait once more, until `closeSlice`. */
export class Decisions {
  readonly budget: Budget | undefined;
  readonly overload = new Overload();
  readonly pins: Pins;
  /** Whether what hard caps leave carries no threshold. */
  readonly erasesCapped: boolean;
  readonly shadow: Shadow | undefined;
  readonly #sampler: Sampler;
  readonly #observers: readonly Policy[];
  readonly #ledger: Ledger;
  readonly #wallMs: DecisionsOptions['wallMs'];
  readonly #caps: HardCaps | undefined;
  readonly #held = new Map<Candidate, Held>();
  #sliceEndMs = 0;
  #closedMs = 0;

  constructor({ sampler, ledger, hardCaps, budget, shadow, wallMs }: DecisionsOptions) {
    this.pins = new Pins(sampler.keys);
    this.shadow =
      shadow === undefined
        ? undefined
        : new Shadow(shadow, sampler.matchers.length, sampler.keys.of(['service', 'operation']));
    this.#sampler = sampler;
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
  decide(trace: number, identity: TraceIdentity, facts: TraceFacts, cause: DecisionCause): Outcome | undefined {
    const { policies } = this.#sampler;
    judge(policies, facts);
    const { policy, drops } = verdict;
    const policyClass = policies[policy]?.class;
    const { randomHigh, randomLow } = identity;
    const threshold = policyClass === 'rest' ? this.#underCeilings(verdict.threshold, facts) : verdict.threshold;
    const passes = policy >= 0 && !drops && !isBelow(randomHigh, randomLow, threshold.high, threshold.low);
    for (const each of this.#observers) each.observe?.(facts, verdict);
    if (passes && policyClass !== undefined && this.#caps !== undefined) {
      const { spanCount: spans, sizeBytes: bytes } = facts;
      const candidate = { trace, class: policyClass, policy, threshold, randomHigh, randomLow, spans, bytes };
      this.#hold(candidate, identity, facts, cause);
      this.shadow?.look(facts, randomHigh, randomLow, true);
      return undefined;
    }
    const isPinned = !passes && this.pins.count > 0 && this.pins.has(hexOf(identity), facts);
    const kept = passes || isPinned;
    const outcome = {
      kept,
      policy: isPinned ? -1 : policy,
      threshold,
      isCut: cause === 'size',
      isPinned,
      erasesThreshold: isPinned,
    };
    this.#record(identity, facts, cause, outcome, drops && !isPinned, false);
    this.shadow?.look(facts, randomHigh, randomLow, kept);
    return outcome;
  }

  /** Milliseconds, monotonic, at which the slice ends; Infinity where nothing is held. */
  get sliceEndMs(): number {
    return this.#held.size === 0 ? Infinity : this.#sliceEndMs;
  }

  /** Ends the slice of the hard caps. @param settle called once for each trace that was held */
  closeSlice(nowMs: number, settle: (trace: number, outcome: Outcome) => void): void {
    const caps = this.#caps;
    if (caps === undefined) return;
    const beganMs = Math.min(nowMs, Math.max(this.#closedMs, this.#sliceEndMs - SLICE_MS));
    const seconds = Math.min(MAX_SLICE_SECONDS, (nowMs - beganMs) / 1000);
    const idleSeconds = Math.max(0, (beganMs - this.#closedMs) / 1000);
    this.#closedMs = nowMs;
    caps.close({ seconds, idleSeconds }, (candidate, kept, threshold) => {
      const held = this.#held.get(candidate);
      if (held === undefined) return;
      const isCapped = threshold !== candidate.threshold;
      const outcome = {
        kept,
        policy: candidate.policy,
        threshold,
        isCut: held.cause === 'size',
        isPinned: false,
        erasesThreshold: isCapped && this.erasesCapped,
      };
      this.#record(held.identity, held.facts, held.cause, outcome, false, isCapped);
      settle(candidate.trace, outcome);
    });
    this.#held.clear();
  }

  #hold(candidate: Candidate, identity: TraceIdentity, facts: TraceFacts, cause: DecisionCause): void {
    // A slice begins with its first candidate, so that nothing is thinned out by a slice that was already half over.
    if (this.#held.size === 0) this.#sliceEndMs = facts.nowMs + SLICE_MS;
    this.#held.set(candidate, { candidate, identity: { ...identity }, facts: { ...facts }, cause });
    this.#caps?.add(candidate);
  }

  #underCeilings(threshold: Half56, facts: TraceFacts): Half56 {
    const budget = this.budget?.ceiling(facts.startMs, facts.nowMs) ?? KEEP_ALL;
    return higherThreshold(higherThreshold(threshold, budget), this.overload.ceiling);
  }

  #record(
    identity: TraceIdentity,
    facts: Omit<TraceFacts, 'spans'>,
    cause: DecisionCause,
    { kept, policy, threshold, isCut }: Outcome,
    drops: boolean,
    capped: boolean,
  ): void {
    const policyClass: PolicyClass | undefined = this.#sampler.policies[policy]?.class;
    this.budget?.decided(drops ? undefined : policyClass, kept, facts.spanCount, facts.sizeBytes);
    const { id0, id1, id2, id3, randomHigh, randomLow, hasRandom } = identity;
    this.#ledger.add(id0, id1, id2, id3, {
      kept,
      policy,
      thresholdHigh: threshold.high,
      thresholdLow: threshold.low,
      randomHigh,
      randomLow,
      hasRandom,
      cause,
      spanCount: facts.spanCount,
      longestEntryMs: facts.longestEntryMs,
      rootMs: facts.rootMs,
      hasError: facts.hasError,
      matched: facts.matched,
      capped,
      drops,
      cut: isCut,
      nowMs: this.#wallMs(facts.nowMs),
    });
  }
}

function hexOf({ id0, id1, id2, id3 }: TraceIdentity): string {
  return hexId(id0, id1, id2, id3);
}
