// What a configured policy is made of: its conditions, their ends, and what those look for in spans.
import type { ConditionConfig, LeafConfig } from './condition-config.ts';
import type { LEARNING_SHAPES } from './learning-config.ts';
import type { PolicyConfig } from './policy-config.ts';

/** Types of policies that learn. */
const LEARNING: Readonly<Record<keyof typeof LEARNING_SHAPES, true>> = {
  by_key: true,
  floor: true,
  new_path: true,
  violation: true,
  relative_latency: true,
};

/** Tells policies that learn from those that are conditions or shares. */
export function isLearning<T extends { readonly type: string }>(
  config: T,
): config is Extract<T, { type: keyof typeof LEARNING_SHAPES }> {
  return Object.hasOwn(LEARNING, config.type);
}

/** Conditions of a policy: what it is made of, its parts in order, then its `if`. */
export function conditionsOf(config: PolicyConfig): ConditionConfig[] {
  const asked = config.if === undefined ? [] : [config.if];
  if (config.type === 'probabilistic' || isLearning(config)) return asked;
  if (config.type === 'composite') return [...config.parts.map(({ when }) => when), ...asked];
  return [config.type === 'drop' ? config.when : config, ...asked];
}

/** Conditions at the ends of a combination, itself where it is none. */
export function leavesOf(config: ConditionConfig): LeafConfig[] {
  if (config.type === 'not') return [config.of];
  if (config.type === 'and' || config.type === 'or') return config.of.flatMap(leavesOf);
  return [config];
}

/**
 * Names what a condition must look for in every span as it comes; undefined where the facts of a trace tell enough.
 * Conditions with the same key share one span matcher.
 */
export function matcherKey(config: LeafConfig): string | undefined {
  switch (config.type) {
    case 'numeric_attribute':
      return JSON.stringify([config.type, config.key, config.on, config.min, config.max]);
    case 'string_attribute':
      return JSON.stringify([config.type, config.key, config.on, config.values, config.pattern]);
    case 'boolean_attribute':
      return JSON.stringify([config.type, config.key, config.on, config.value]);
    case 'trace_flags':
      return JSON.stringify([config.type, config.sampled]);
    case 'service':
    case 'operation':
      return JSON.stringify([config.type, config.names]);
    default:
      return undefined;
  }
}
