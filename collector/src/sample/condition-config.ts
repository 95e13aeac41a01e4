// Configuration of conditions: what a policy may ask of a trace. Each condition is a policy type of its own, too.
// Nesting ends by itself: `or` of `and` of `not` of the others, which is enough for any combination.
import { z } from 'zod';
import { duration, optionalDuration } from '../config/fields.ts';
import { patternProblem } from '../config/pattern.ts';

/** Conditions in one `and` or `or`, names or values in one list, at most. */
const MAX_PARTS = 16;
const MAX_NAMES = 64;
const MAX_TEXT = 256;

const text = z.string().min(1).max(MAX_TEXT);
const key = text.describe('key of the attribute');
const on = z
  .enum(['span', 'resource', 'any'])
  .default('any')
  .describe("where to look: the span's own attributes, its resource's, or both; never those of events and links");
const names = (description: string) => z.array(text).min(1).max(MAX_NAMES).describe(description);
const whole = z.number().int().min(0);

/** Fields of each condition; with a name they make a policy. */
export const LEAF_SHAPES = {
  status: {
    type: z.literal('status'),
    status: z.enum(['error']).default('error').describe('at least one span has this status'),
  },
  latency: { type: z.literal('latency'), over: duration('1s', 'an entry span takes longer') },
  duration: {
    type: z.literal('duration'),
    min: optionalDuration('the root span takes at least so long; a trace without a root span never matches'),
    max: optionalDuration('the root span takes at most so long'),
  },
  span_count: {
    type: z.literal('span_count'),
    min: whole.optional().describe('at least so many spans have come'),
    max: whole.optional().describe('at most so many spans have come'),
  },
  numeric_attribute: {
    type: z.literal('numeric_attribute'),
    key,
    on,
    min: z.number().optional().describe('a span has this attribute as a number, whole or not, of at least this'),
    max: z.number().optional().describe('and of at most this'),
  },
  // Inverted it is a condition like any other: it wins over nothing, and does not ask for the attribute to be there. In
  // contrib's processor `invert_match` decides against all other policies, and surprises (its issues #33656, #34085).
  // Here `drop` says what must never be kept.
  string_attribute: {
    type: z.literal('string_attribute'),
    key,
    on,
    values: z
      .array(z.string().max(MAX_TEXT))
      .min(1)
      .max(MAX_NAMES)
      .optional()
      .describe('a span has one of these texts'),
    pattern: z
      .string()
      .optional()
      .describe('or a text in which this regular expression (RE2 syntax) is found; it sees the first 1024 bytes'),
    invert: z
      .boolean()
      .default(false)
      .describe('no span of the trace has it so, which holds too where none has the attribute at all'),
  },
  boolean_attribute: {
    type: z.literal('boolean_attribute'),
    key,
    on,
    value: z.boolean().default(true).describe('a span has this attribute with this truth value'),
  },
  trace_flags: {
    type: z.literal('trace_flags'),
    sampled: z
      .boolean()
      .default(true)
      .describe('a span whose sampled flag is so; one that came without flags counts as not sampled'),
  },
  service: { type: z.literal('service'), names: names('a span comes from one of these services') },
  operation: { type: z.literal('operation'), names: names('an entry span has one of these names') },
} as const;

const LEAVES = [
  z.strictObject(LEAF_SHAPES.status),
  z.strictObject(LEAF_SHAPES.latency),
  z.strictObject(LEAF_SHAPES.duration),
  z.strictObject(LEAF_SHAPES.span_count),
  z.strictObject(LEAF_SHAPES.numeric_attribute),
  z.strictObject(LEAF_SHAPES.string_attribute),
  z.strictObject(LEAF_SHAPES.boolean_attribute),
  z.strictObject(LEAF_SHAPES.trace_flags),
  z.strictObject(LEAF_SHAPES.service),
  z.strictObject(LEAF_SHAPES.operation),
] as const;

/** What one field alone cannot tell; `value` is a condition, or a policy made of one. */
export function checkLeaf(value: { readonly type: string }, context: z.RefinementCtx): void {
  const report = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message });
  if (isBounded(value)) {
    const { min, max } = value;
    if (min === undefined && max === undefined) report('min', 'min or max must be given');
    else if (min !== undefined && max !== undefined && min > max) report('max', 'must not be below min');
  }
  if (!isText(value)) return;
  const { values, pattern } = value;
  if ((values === undefined) === (pattern === undefined)) report('values', 'either values or pattern must be given');
  const problem = pattern === undefined ? undefined : patternProblem(pattern);
  if (problem !== undefined) report('pattern', problem);
}

const leaf = z.discriminatedUnion('type', LEAVES).superRefine(checkLeaf).meta({ id: 'leaf' });

const NOT_SHAPE = { type: z.literal('not'), of: leaf.describe('the condition that must not hold') };
const not = z.strictObject(NOT_SHAPE);

const AND_SHAPE = {
  type: z.literal('and'),
  of: z
    .array(
      z
        .discriminatedUnion('type', [...LEAVES, not])
        .superRefine(checkLeaf)
        .meta({ id: 'leaf_or_not' }),
    )
    .min(1)
    .max(MAX_PARTS)
    .describe('all must hold, each for the trace as a whole: not all of one span'),
};
const and = z.strictObject(AND_SHAPE);

const OR_SHAPE = {
  type: z.literal('or'),
  of: z
    .array(
      z
        .discriminatedUnion('type', [...LEAVES, not, and])
        .superRefine(checkLeaf)
        .meta({ id: 'leaf_not_or_and' }),
    )
    .min(1)
    .max(MAX_PARTS)
    .describe('one must hold'),
};

/** Fields of the conditions made of others. */
export const COMBINED_SHAPES = { not: NOT_SHAPE, and: AND_SHAPE, or: OR_SHAPE } as const;

/** Any condition. */
export const condition = z
  .discriminatedUnion('type', [...LEAVES, not, and, z.strictObject(OR_SHAPE)])
  .superRefine(checkLeaf)
  .meta({ id: 'condition' });

export type LeafConfig = z.output<typeof leaf>;
export type ConditionConfig = z.output<typeof condition>;

const BOUNDED: ReadonlySet<string> = new Set(['duration', 'span_count', 'numeric_attribute']);

function isBounded(value: { type: string }): value is { type: string; min?: number; max?: number } {
  return BOUNDED.has(value.type);
}

function isText(value: { type: string }): value is Extract<LeafConfig, { type: 'string_attribute' }> {
  return value.type === 'string_attribute';
}
