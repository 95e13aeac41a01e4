// Parts of consistent samplers: each says at which threshold it would keep a span, and only the whole compares it with the
// trace's randomness. So parts can be put together, and services with other ratios still agree on which traces they keep.
// @see OpenTelemetry specification, ComposableSampler
import { checkNumbers, checkPart, created } from '../creation-checks.ts';
import {
  type Attributes,
  type AttributeValue,
  type Context,
  type SpanContext,
  type SpanKind,
} from '@opentelemetry/api';
import { isSpanContextValid, trace, TraceFlags } from '@opentelemetry/api';
import type { OtState } from './ot-state.ts';
import { KEEP_ALL, type Threshold, thresholdOf } from './threshold.ts';

/** What a part would do. */
export interface SamplingIntent {
  /** Undefined drops. */
  readonly threshold: Threshold | undefined;
  /** Whether it may be written down: what somebody else decided without saying how has no known probability. */
  readonly isReliable: boolean;
}

/** The span that is about to begin. */
export interface SpanToSample {
  readonly name: string;
  readonly kind: SpanKind;
  /** Those given at its start. */
  readonly attributes: Attributes;
  /** Where there is a valid one. */
  readonly parent: SpanContext | undefined;
  /** What the parent's tracestate says; nothing without a parent. */
  readonly parentState: OtState;
  /** 14 lower-case hexadecimal digits. */
  readonly random: string;
}

/** A part of a sampler. */
export interface ComposableSampler {
  intentOf(span: SpanToSample): SamplingIntent;
  readonly description: string;
}

const DROP: SamplingIntent = { threshold: undefined, isReliable: false };
const KEEP: SamplingIntent = { threshold: KEEP_ALL, isReliable: true };
/** Kept because somebody above did, who did not say how probable that was. */
const FOLLOW: SamplingIntent = { threshold: KEEP_ALL, isReliable: false };

/** Keeps everything. */
export function composableAlwaysOn(): ComposableSampler {
  return { intentOf: () => KEEP, description: 'AlwaysOn' };
}

/** Keeps nothing. */
export function composableAlwaysOff(): ComposableSampler {
  return { intentOf: () => DROP, description: 'AlwaysOff' };
}

/** Keeps a share of traces. @param ratio 0..1 */
export function composableProbability(ratio: number): ComposableSampler {
  checkNumbers('composableProbability', { ratio }, { ratio: { most: 1 } });
  const threshold = thresholdOf(ratio);
  const intent = threshold === undefined ? DROP : { threshold, isReliable: true };
  return { intentOf: () => intent, description: `Probability{${ratio}}` };
}

/**
 * Does what the parent did, and passes its threshold on; spans without a parent are up to `root`.
 *
 * A threshold that the parent's own randomness is below cannot be what it was kept at: the parent is followed, and
 * nothing is claimed.
 */
export function composableParentThreshold(root: ComposableSampler): ComposableSampler {
  checkPart('composableParentThreshold', root, 'intentOf');
  return {
    intentOf(span) {
      const { parent, parentState } = span;
      if (parent === undefined) return root.intentOf(span);
      if ((parent.traceFlags & TraceFlags.SAMPLED) === 0) return DROP;
      const { threshold } = parentState;
      if (threshold === KEEP_ALL) return KEEP;
      return threshold === undefined || span.random < threshold ? FOLLOW : { threshold, isReliable: true };
    },
    description: created('composableParentThreshold', () => `ParentThreshold{${root.description}}`),
  };
}

/** Which spans a rule is for: all that is given must fit. */
export interface SpanRule {
  /** The name, or a pattern it matches. */
  readonly name?: string | RegExp;
  readonly kind?: SpanKind;
  /** Attributes the span has at its start. */
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  /** Whatever else decides; must not throw. */
  readonly fits?: (span: SpanToSample) => boolean;
  /** What is done with those: a ratio of 0..1, or a part. */
  readonly sampler: number | ComposableSampler;
}

/** Asks the sampler of the first rule that fits, `otherwise` where none does. */
export function composableRuleBased(
  rules: readonly SpanRule[],
  otherwise: number | ComposableSampler,
): ComposableSampler {
  const [fitting, last, descriptions] = created('composableRuleBased', () => {
    const parts = rules.map((rule) => ({ fits: fitOf(rule), sampler: composableOf(rule.sampler) }));
    const lastPart = composableOf(otherwise);
    const described = [...parts.map(({ sampler }) => sampler), lastPart].map((each) => each.description);
    return [parts, lastPart, described] as const;
  });
  return {
    intentOf(span) {
      for (const { fits, sampler } of fitting) if (fits(span)) return sampler.intentOf(span);
      return last.intentOf(span);
    },
    description: `RuleBased{${descriptions.join(',')}}`,
  };
}

/** A ratio as a part; parts stay what they are. */
export function composableOf(part: number | ComposableSampler): ComposableSampler {
  if (typeof part === 'number') return composableProbability(part);
  checkPart('composableRuleBased', part, 'intentOf');
  return part;
}

function fitOf({ name, kind, attributes = {}, fits }: SpanRule): (span: SpanToSample) => boolean {
  // A pattern with state would fit every other time.
  const pattern = name instanceof RegExp ? new RegExp(name.source, name.flags.replace(/[gy]/g, '')) : undefined;
  const wanted = Object.entries(attributes);
  return (span) => {
    if (kind !== undefined && span.kind !== kind) return false;
    if (pattern === undefined ? name !== undefined && span.name !== name : !pattern.test(span.name)) return false;
    return wanted.every(([key, value]) => isSame(span.attributes[key], value)) && (fits === undefined || fits(span));
  };
}

function isSame(a: AttributeValue | undefined, b: AttributeValue): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return a === b;
  return a.length === b.length && a.every((each, i) => each === b[i]);
}

/** The parent of a span that is about to begin. */
export function parentOf(context: Context): SpanContext | undefined {
  const parent = trace.getSpanContext(context);
  return parent !== undefined && isSpanContextValid(parent) ? parent : undefined;
}
