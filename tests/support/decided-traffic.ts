// Traces by their operation alone, decided one after the other by policies as a configuration makes them.
import { adjustedCount, type Half56, isBelow } from '../../collector/src/otlp/trace-state.ts';
import { judge, type Policy, verdict } from '../../collector/src/sample/sampler.ts';
import type { TraceFacts } from '../../collector/src/sample/facts.ts';
import { factsOf } from './fact-spans.ts';
import type { Random } from './random.ts';
import { testSampler } from './sampler.ts';
import { testSpan } from './test-span.ts';

/** What became of one trace. */
export interface Decided {
  readonly kept: boolean;
  readonly threshold: Half56;
  /** Name of the policy that decided; undefined where none had a say. */
  readonly policy: string | undefined;
  /** Traces it stands for, where it was kept. */
  readonly count: number;
}

const spansOf = new Map<string, TraceFacts['spans']>();

/** Decides as `Decisions` does, without budgets and caps. */
export class DecidedTraffic {
  readonly policies: readonly Policy[];
  readonly #random: Random;
  readonly #facts = factsOf([]);

  constructor(policies: readonly Readonly<Record<string, unknown>>[], random: Random) {
    ({ policies: this.policies } = testSampler(policies));
    this.#random = random;
  }

  /** A trace with one span of this name. */
  decide(operation: string, nowMs: number, change: Partial<TraceFacts> = {}): Decided {
    const spans = spansOf.get(operation) ?? factsOf([testSpan({ name: operation })]).spans;
    if (spansOf.size >= 1000) spansOf.clear();
    spansOf.set(operation, spans);
    const facts = Object.assign(this.#facts, { hasError: false, spans, nowMs, ...change });
    judge(this.policies, facts);
    for (const policy of this.policies) policy.observe?.(facts, verdict);
    const { policy, threshold, drops } = verdict;
    const [high, low] = [Math.floor(this.#random() * 2 ** 28), Math.floor(this.#random() * 2 ** 28)];
    const kept = policy >= 0 && !drops && !isBelow(high, low, threshold.high, threshold.low);
    const count = kept ? adjustedCount(threshold.high, threshold.low) : 0;
    return { kept, threshold, policy: this.policies[policy]?.name, count };
  }
}

/** Mean over seeds of the count estimated from what was kept, divided by the true one. */
export function meanEstimate(
  policies: readonly Readonly<Record<string, unknown>>[],
  seeds: readonly Random[],
  { traces, seconds, operations }: { traces: number; seconds: number; operations: number },
): number {
  let total = 0;
  for (const random of seeds) {
    const traffic = new DecidedTraffic(policies, random);
    for (let i = 0; i < traces; i++) {
      // A few frequent operations, many rare ones; now and then an error.
      const operation = `operation ${Math.floor(operations * random() ** 4)}`;
      total += traffic.decide(operation, (i / traces) * seconds * 1000, { hasError: random() < 0.02 }).count;
    }
  }
  return total / (traces * seeds.length);
}
