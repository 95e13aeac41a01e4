// What a policy may ask of a trace. Conditions that depend on single spans have them looked at as they come.
import { attributeMatcher, flagsMatcher, operationMatcher, serviceMatcher } from './attribute-matcher.ts';
import type { ConditionConfig, LeafConfig } from './condition-config.ts';
import { matcherKey } from './policy-parts.ts';
import type { SpanMatcher, TraceFacts } from './facts.ts';
import { SpanAttributes } from './span-attributes.ts';

/** Tells whether it holds for a trace. */
export type Condition = (facts: TraceFacts) => boolean;

/**
 * Prepares the making of conditions; those that look for the same in a span share one matcher.
 *
 * @param addMatcher has every span looked at; answers the bit that says whether one matched
 */
export function conditionMaker(addMatcher: (matcher: SpanMatcher) => number): (config: ConditionConfig) => Condition {
  const attributes = new SpanAttributes();
  const bits = new Map<string, number>();
  const bitOf = (config: LeafConfig): number => {
    const key = matcherKey(config) ?? '';
    const bit = bits.get(key) ?? addMatcher(matcherOf(config, attributes));
    bits.set(key, bit);
    return bit;
  };
  return function make(config): Condition {
    switch (config.type) {
      case 'not':
        return negated(make(config.of));
      case 'and': {
        const parts = config.of.map(make);
        return (facts) => parts.every((holds) => holds(facts));
      }
      case 'or': {
        const parts = config.of.map(make);
        return (facts) => parts.some((holds) => holds(facts));
      }
      case 'status':
        return (facts) => facts.hasError;
      case 'latency':
        return (facts) => facts.longestEntryMs > config.over;
      case 'duration': {
        const { min = 0, max = Infinity } = config;
        // Below 0, and so below any minimum, where no root span has come.
        return ({ rootMs }) => rootMs >= min && rootMs <= max;
      }
      case 'span_count': {
        const { min = 0, max = Infinity } = config;
        return ({ spanCount }) => spanCount >= min && spanCount <= max;
      }
      default: {
        const bit = bitOf(config);
        const matched: Condition = (facts) => (facts.matched & bit) !== 0;
        return config.type === 'string_attribute' && config.invert ? negated(matched) : matched;
      }
    }
  };
}

function negated(holds: Condition): Condition {
  return (facts) => !holds(facts);
}

function matcherOf(config: LeafConfig, attributes: SpanAttributes): SpanMatcher {
  switch (config.type) {
    case 'service':
      return serviceMatcher(config.names);
    case 'operation':
      return operationMatcher(config.names);
    case 'trace_flags':
      return flagsMatcher(config.sampled, attributes);
    case 'numeric_attribute':
    case 'string_attribute':
    case 'boolean_attribute':
      return attributeMatcher(config, attributes);
    default:
      throw new Error(`${config.type} is told by the facts of a trace`);
  }
}
