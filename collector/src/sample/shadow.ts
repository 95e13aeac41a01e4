// A second set of policies, asked beside the first about the same traces and without any effect but counts: what would
// another configuration have kept? Budget, hard caps, overload, pins and links act on what policies say, and are not part
// of the question on either side.
import type { SamplingState, ShadowCounts } from './contract.ts';
import type { TraceFacts } from './facts.ts';
import { isWanted, judge, type Sampler, verdict } from './sampler.ts';
import { KEY_SEPARATOR, type TraceKey } from './trace-key.ts';

/** Operations listed; a limit, because names come from senders. The rest is counted in all. */
const MAX_OPERATIONS = 500;

type Counts = { -readonly [K in keyof ShadowCounts]: number };

/** Counts by the shadow's policy that decided, and by operation. */
export class Shadow {
  readonly byPolicy = new Map<string, Counts>();
  readonly byOperation = new Map<string, Counts>();
  readonly #sampler: Sampler;
  /** The shadow's matchers stand behind those in force, so its bits are shifted by their number. */
  readonly #firstMatcher: number;
  readonly #operation: TraceKey;

  /** @param operation reads service and operation of a trace */
  constructor(sampler: Sampler, firstMatcher: number, operation: TraceKey) {
    this.#sampler = sampler;
    this.#firstMatcher = firstMatcher;
    this.#operation = operation;
  }

  /** Whether any of its policies counts what arrives. */
  get listens(): boolean {
    return this.#sampler.policies.some(({ arrived }) => arrived !== undefined);
  }

  /** Tells its policies of a span, as those in force are told. */
  arrived(trace: number, facts: TraceFacts, bytes: number): void {
    const { matched } = facts;
    facts.matched = matched >>> this.#firstMatcher;
    for (const each of this.#sampler.policies) each.arrived?.(trace, facts, bytes);
    facts.matched = matched;
  }

  /** Tells its policies what those in force are told. */
  violated(operation: string, isOpen: boolean, nowMs: number): void {
    for (const each of this.#sampler.policies) each.violated?.(operation, isOpen, nowMs);
  }

  /**
   * Judges a trace that was judged before. Leaves its own verdict behind: call it last.
   *
   * @param isKept by the policies in force alone
   */
  look(facts: TraceFacts, randomHigh: number, randomLow: number, isKept: boolean): void {
    const operation = this.#operation.of(facts);
    const { matched } = facts;
    facts.matched = matched >>> this.#firstMatcher;
    judge(this.#sampler.policies, facts);
    const { policy } = verdict;
    const keeps = isWanted(randomHigh, randomLow);
    for (const each of this.#sampler.policies) each.observe?.(facts, verdict);
    facts.matched = matched;
    const outcome = keeps ? (isKept ? 'bothKeep' : 'wouldKeep') : isKept ? 'wouldDrop' : 'bothDrop';
    countsOf(this.byPolicy, this.#sampler.policies[policy]?.name ?? '')[outcome]++;
    if (this.byOperation.size < MAX_OPERATIONS || this.byOperation.has(operation))
      countsOf(this.byOperation, operation)[outcome]++;
  }

  /** Counts since the start, as the page has them. */
  read(): NonNullable<SamplingState['shadow']> {
    return {
      policies: [...this.byPolicy].map(([policy, counts]) => ({ policy, ...counts })),
      operations: [...this.byOperation].map(([key, counts]) => {
        const [service = '', operation = ''] = key.split(KEY_SEPARATOR);
        return { service, operation, ...counts };
      }),
    };
  }
}

function countsOf(counts: Map<string, Counts>, name: string): Counts {
  const known = counts.get(name) ?? { bothKeep: 0, bothDrop: 0, wouldKeep: 0, wouldDrop: 0 };
  counts.set(name, known);
  return known;
}
