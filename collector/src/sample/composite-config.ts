// Configuration of the policy that shares a target out among kinds of traces.
import { z } from 'zod';
import { ratio, size, slug } from '../config/fields.ts';
import { condition, type ConditionConfig } from './condition-config.ts';

/** Parts of one policy; for every span their conditions are asked in turn until one holds. */
const MAX_PARTS = 16;
/** Shares are written as decimal fractions, whose sum may be off by a rounding. */
const ROUNDING = 1e-9;

/** One part of a composite policy. */
export interface CompositePart {
  readonly name?: string | undefined;
  readonly when: ConditionConfig;
  readonly share: number;
}

/** Annotated, because the type of a condition is long and stands in many places. */
const part: z.ZodType<CompositePart> = z.strictObject({
  name: slug('name shown where a decision is explained').optional(),
  when: condition.describe('traces for which this holds, and no earlier part, belong to this part'),
  share: ratio('share of the target that this part is sure of').gt(0),
});

/** Fields of the policy but those of every policy. */
export const COMPOSITE_SHAPE = {
  type: z.literal('composite'),
  spans_per_second: z.number().positive().optional().describe('spans a second to keep of all parts together'),
  bytes_per_second: size('0B', 'or bytes a second, as received', { min: 0 }).transform((bytes) =>
    bytes === 0 ? undefined : bytes,
  ),
  parts: z
    .array(part)
    .min(1)
    .max(MAX_PARTS)
    .describe('what a part leaves unused of its share flows to the others, in proportion to theirs'),
  rest: ratio('share of traces that belong to no part; without it the policy has no say on them').gt(0).optional(),
} as const;

/** What of a composite policy is looked at beyond single fields. */
export interface CompositeFields {
  readonly spans_per_second?: number | undefined;
  readonly bytes_per_second?: number | undefined;
  readonly parts: readonly CompositePart[];
  readonly rest?: number | undefined;
}

/** What one field alone cannot tell. */
export function checkComposite(value: { readonly type: string }, context: z.RefinementCtx): void {
  if (!isComposite(value)) return;
  const { spans_per_second: spans, bytes_per_second: bytes, parts, rest = 0 } = value;
  const report = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message });
  if ((spans === undefined) === (bytes === undefined))
    report('spans_per_second', 'either spans_per_second or bytes_per_second must be given');
  const sum = parts.reduce((total, { share }) => total + share, rest);
  if (sum > 1 + ROUNDING)
    report('parts', `shares come to ${Number(sum.toPrecision(3))} together, which is more than 1`);
}

function isComposite(value: { readonly type: string }): value is { type: 'composite' } & CompositeFields {
  return value.type === 'composite';
}
