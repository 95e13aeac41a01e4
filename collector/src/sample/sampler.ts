// Policies and how they are combined: all are evaluated, the lowest threshold decides, ties go to the first listed.
import { type Half56, isBelow, KEEP_ALL } from '../otlp/trace-state.ts';
import type { PolicyConfig } from './config.ts';
import { probabilistic } from './probabilistic.ts';
import { latency, status } from './rules.ts';

/** What a policy may look at: facts of the whole trace so far. One object, refilled for every decision. */
export interface TraceFacts {
  spanCount: number;
  hasError: boolean;
  /** Longest span without a parent or of kind SERVER or CONSUMER. */
  longestEntryMs: number;
}

/** One rule. Pure: the same facts give the same answer. */
export interface Policy {
  readonly name: string;
  /** The threshold at which this policy keeps the trace; undefined where it has no say. */
  evaluate(facts: TraceFacts): Half56 | undefined;
}

/** Makes each type of policy from its configuration. */
const POLICY_TYPES = { status, latency, probabilistic } as const satisfies {
  [T in PolicyConfig['type']]: (config: Extract<PolicyConfig, { type: T }>) => Policy;
};

/** Makes the configured policies, in order. */
export function createPolicies(configs: readonly PolicyConfig[]): Policy[] {
  return configs.map((config) => {
    const create = POLICY_TYPES[config.type] as (config: PolicyConfig) => Policy;
    return create(config);
  });
}

/** The verdict reached last; refilled, because there is one for every trace. */
export const verdict = { policy: -1, threshold: KEEP_ALL, kept: false };

/**
 * Decides a trace and leaves the outcome in `verdict`.
 *
 * @param randomHigh the trace's randomness, upper 28 of 56 bits
 * @returns whether it is kept; `verdict.threshold` is what the randomness was compared with
 */
export function decide(policies: readonly Policy[], facts: TraceFacts, randomHigh: number, randomLow: number): boolean {
  verdict.policy = -1;
  for (let i = 0; i < policies.length; i++) {
    const threshold = policies[i]?.evaluate(facts);
    if (threshold === undefined) continue;
    if (verdict.policy < 0 || isBelow(threshold.high, threshold.low, verdict.threshold.high, verdict.threshold.low)) {
      verdict.policy = i;
      verdict.threshold = threshold;
    }
  }
  verdict.kept = verdict.policy >= 0 && !isBelow(randomHigh, randomLow, verdict.threshold.high, verdict.threshold.low);
  return verdict.kept;
}
