// Policies and how they are combined: all are evaluated, an explicit drop wins, else the lowest threshold decides.
import { type Half56, isBelow, KEEP_ALL } from '../otlp/trace-state.ts';
import { byKey } from './by-key.ts';
import { composite } from './composite.ts';
import type { ConditionConfig } from './condition-config.ts';
import { type Condition, conditionMaker } from './conditions.ts';
import { MAX_MATCHERS, type SpanMatcher, type TraceFacts } from './facts.ts';
import { floor, newPath } from './floor.ts';
import type { PolicyConfig, PolicyConfigOf } from './policy-config.ts';
import { conditionsOf } from './policy-parts.ts';
import { probabilistic } from './probabilistic.ts';
import { relativeLatency } from './relative-latency.ts';
import { drop, rule } from './rules.ts';
import { TraceKeys } from './trace-key.ts';
import { violation } from './violation.ts';
import type { Wait } from './waits.ts';
import type { WaitConfig } from './waits-config.ts';

/** In which order hard caps are filled: what must be kept, what keeps a key visible, and the rest. */
export type PolicyClass = 'forced' | 'floor' | 'rest';

/** One rule. Never looks at the randomness of a trace: a threshold is fixed before. */
export interface Policy {
  readonly name: string;
  readonly class: PolicyClass;
  /** A policy that drops wins over all that keep. */
  readonly drops?: boolean;
  /** The threshold at which this policy keeps the trace, for one that drops any; undefined where it has no say. */
  evaluate(facts: TraceFacts): Half56 | undefined;
  /**
   * Called for every span as it comes, once its trace knows of it; for policies that count what arrives.
   *
   * @param trace tells traces apart while they wait; used again for another, whose first span has `spanCount` 1
   * @param facts of the trace so far
   * @param bytes of the span
   */
  arrived?(trace: number, facts: TraceFacts, bytes: number): void;
  /** Called once for every decided trace, whoever kept or dropped it; for policies that learn from traffic. */
  observe?(facts: TraceFacts, reached: Readonly<Verdict>): void;
  /** An operation has left its baseline, or is back; its key is that of service and operation. */
  violated?(operation: string, isOpen: boolean, nowMs: number): void;
  /** How often a key or an operation found no room in the policy's table and shared a place with others. */
  overflowed?(): number;
}

/** Whoever counts what arrives. */
export type ArrivalListener = Pick<Policy, 'arrived'>;

/** What a policy may ask for while it is made. */
export interface PolicyContext {
  /** Has every span looked at. @returns the bit of `facts.matched` that says whether one matched */
  matcher(matcher: SpanMatcher): number;
  /** Makes a condition, with the matchers it needs. */
  condition(config: ConditionConfig): Condition;
  /** Reads keys of traces, each once for all policies that ask for the same parts. */
  readonly keys: TraceKeys;
  /** Uniform in [0, 1). */
  random(): number;
}

/** Policies ready to decide, and what must be looked at while spans come. */
export interface Sampler {
  readonly policies: readonly Policy[];
  readonly matchers: readonly SpanMatcher[];
  /** Times for traces for which a condition holds; not of a shadow. */
  readonly waits: readonly Wait[];
  /** For others who want to know a trace by its service or operation. */
  readonly keys: TraceKeys;
}

/** Makes each type of policy from its configuration; `if` is seen to by `createSampler`. */
const POLICY_TYPES = {
  status: rule,
  latency: rule,
  duration: rule,
  span_count: rule,
  numeric_attribute: rule,
  string_attribute: rule,
  boolean_attribute: rule,
  trace_flags: rule,
  service: rule,
  operation: rule,
  not: rule,
  and: rule,
  or: rule,
  drop,
  probabilistic,
  by_key: byKey,
  floor,
  new_path: newPath,
  violation,
  composite,
  relative_latency: relativeLatency,
} as const satisfies {
  [T in PolicyConfig['type']]: (config: PolicyConfigOf<T>, context: PolicyContext) => Policy;
};

/** Makes the configured policies, in order, and what waits need of them. */
export function createSampler(
  configs: readonly PolicyConfig[],
  random: () => number,
  waits: readonly WaitConfig[] = [],
): Sampler {
  const matchers: SpanMatcher[] = [];
  const matcher = (each: SpanMatcher): number => {
    if (matchers.length >= MAX_MATCHERS) throw new Error('the configuration check lets no more matchers in');
    return 1 << (matchers.push(each) - 1);
  };
  const context: PolicyContext = { matcher, condition: conditionMaker(matcher), keys: new TraceKeys(), random };
  // First of all, so that bits go to conditions by configuration alone: an explanation finds them again.
  for (const each of configs.flatMap(conditionsOf)) context.condition(each);
  const policies = configs.map((config) => {
    const create = POLICY_TYPES[config.type] as (config: PolicyConfig, context: PolicyContext) => Policy;
    const policy = create(config, context);
    return config.if === undefined ? policy : restricted(policy, context.condition(config.if));
  });
  // After the policies, whose bits do not depend on waits.
  const times = waits.map((config): Wait => ({
    holds: waitCondition(config, policies, context),
    decisionWaitMs: config.decision_wait,
    afterRootMs: config.after_root,
    afterMatchMs: config.after_match,
  }));
  return { policies, matchers, waits: times, keys: context.keys };
}

/** A wait applies where its condition holds, or where its policy has a say, which then is a last word. */
function waitCondition(
  { when, policy: name }: WaitConfig,
  policies: readonly Policy[],
  context: PolicyContext,
): Condition {
  if (when !== undefined) return context.condition(when);
  const policy = policies.find((each) => each.name === name);
  return (facts) => policy?.evaluate(facts) !== undefined;
}

/** A policy that neither judges nor learns from traces for which the condition does not hold. */
function restricted(policy: Policy, holds: Condition): Policy {
  const { name, drops = false } = policy;
  return {
    name,
    class: policy.class,
    drops,
    evaluate: (facts) => (holds(facts) ? policy.evaluate(facts) : undefined),
    observe(facts, reached) {
      if (policy.observe !== undefined && holds(facts)) policy.observe(facts, reached);
    },
    // What holds of a trace so far may change, so who counts arrivals looks at the condition itself.
    ...(policy.arrived === undefined
      ? {}
      : { arrived: (trace, facts, bytes) => policy.arrived?.(trace, facts, bytes) }),
    ...(policy.violated === undefined
      ? {}
      : { violated: (operation, isOpen, nowMs) => policy.violated?.(operation, isOpen, nowMs) }),
    ...(policy.overflowed === undefined ? {} : { overflowed: () => policy.overflowed?.() ?? 0 }),
  };
}

/** The verdict reached last; refilled, because there is one for every trace. `policy` is -1 where none had a say. */
export const verdict = { policy: -1, threshold: KEEP_ALL, drops: false };

export type Verdict = typeof verdict;

/** Asks all policies and leaves in `verdict` which one decides, and the threshold it names. */
export function judge(policies: readonly Policy[], facts: TraceFacts): void {
  verdict.policy = -1;
  verdict.drops = false;
  facts.serial++;
  for (let i = 0; i < policies.length; i++) {
    const policy = policies[i];
    const threshold = policy?.evaluate(facts);
    if (policy === undefined || threshold === undefined || verdict.drops) continue;
    if (policy.drops === true) {
      verdict.policy = i;
      verdict.drops = true;
    } else if (decides(threshold, policy.class, policies[verdict.policy]?.class)) {
      verdict.policy = i;
      verdict.threshold = threshold;
    }
  }
}

/** Tells whether the verdict alone keeps a trace of this randomness. */
export function isWanted(randomHigh: number, randomLow: number): boolean {
  const { policy, drops, threshold } = verdict;
  return policy >= 0 && !drops && !isBelow(randomHigh, randomLow, threshold.high, threshold.low);
}

const RANK: Readonly<Record<PolicyClass, number>> = { forced: 0, floor: 1, rest: 2 };

/** Where two name the same threshold, the class that caps fill first decides, and then the first listed. */
function decides({ high, low }: Half56, own: PolicyClass, other: PolicyClass | undefined): boolean {
  const { threshold } = verdict;
  if (other === undefined || isBelow(high, low, threshold.high, threshold.low)) return true;
  return RANK[own] < RANK[other] && high === threshold.high && low === threshold.low;
}
