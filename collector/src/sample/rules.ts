// Policies made of a condition: those that keep traces for which it holds, and the explicit drop.
import { KEEP_ALL, thresholdOf } from '../otlp/trace-state.ts';
import type { PolicyConfigOf, RuleConfig } from './policy-config.ts';
import type { Policy, PolicyContext } from './sampler.ts';

/** Keeps traces for which the condition holds: all of them whatever their randomness, or the configured share. */
export function rule(config: RuleConfig, { condition }: PolicyContext): Policy {
  const holds = condition(config);
  const isShare = config.ratio < 1;
  const threshold = isShare ? thresholdOf(config.ratio) : KEEP_ALL;
  return {
    name: config.name,
    class: isShare ? 'rest' : 'forced',
    evaluate: (facts) => (holds(facts) ? threshold : undefined),
  };
}

/** Drops traces for which the condition holds, whoever would keep them. */
export function drop(config: PolicyConfigOf<'drop'>, { condition }: PolicyContext): Policy {
  const holds = condition(config.when);
  return {
    name: config.name,
    class: 'forced',
    drops: true,
    evaluate: (facts) => (holds(facts) ? KEEP_ALL : undefined),
  };
}
