// Makes parts of consistent samplers of the configuration model. Each variant is one line.
import { SpanKind } from '@opentelemetry/api';
import type { ComposableNode, SamplingRuleNode } from '../config/model.ts';
import {
  composableAlwaysOff,
  composableAlwaysOn,
  composableParentThreshold,
  composableProbability,
  composableRuleBased,
  type ComposableSampler,
  type SpanRule,
  type SpanToSample,
} from '../sample/composable.ts';
import { isChosenBy } from './patterns.ts';

const KINDS = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const;

/** Makes a part; what no rule is for is not sampled. */
export function composableOf(node: ComposableNode): ComposableSampler {
  if ('always_off' in node) return composableAlwaysOff();
  if ('probability' in node) return composableProbability(node.probability?.ratio ?? 1);
  if (node.parent_threshold) return composableParentThreshold(composableOf(node.parent_threshold.root));
  if (!('rule_based' in node)) return composableAlwaysOn();
  return composableRuleBased((node.rule_based?.rules ?? []).map(ruleOf), composableAlwaysOff());
}

function ruleOf({ sampler, span_kinds, parent, attribute_values, attribute_patterns }: SamplingRuleNode): SpanRule {
  const kinds = span_kinds?.map((name) => KINDS[name]);
  const values = attribute_values && new Set(attribute_values.values);
  const fitsPattern = attribute_patterns ? isChosenBy(attribute_patterns) : undefined;
  return {
    fits(span) {
      if (kinds && !kinds.includes(span.kind)) return false;
      if (parent && !parent.includes(placeOf(span))) return false;
      if (values && !textsOf(span, attribute_values.key).some((text) => values.has(text))) return false;
      return fitsPattern === undefined || textsOf(span, attribute_patterns?.key ?? '').some(fitsPattern);
    },
    sampler: composableOf(sampler),
  };
}

function placeOf({ parent }: SpanToSample): 'none' | 'remote' | 'local' {
  if (parent === undefined) return 'none';
  return parent.isRemote === true ? 'remote' : 'local';
}

/** Attributes are compared as text, and lists by each of their items; a span without the attribute fits nothing. */
function textsOf({ attributes }: SpanToSample, key: string): string[] {
  const value = attributes[key];
  return value === undefined ? [] : [value].flat().map(String);
}
