// Configuration of waits: traces of which something is known while they come may be decided sooner or later than others.
import { z } from 'zod';
import { optionalDuration, slug } from '../config/fields.ts';
import { condition, type ConditionConfig, type LeafConfig } from './condition-config.ts';
import type { PolicyConfig } from './policy-config.ts';
import { conditionsOf } from './policy-parts.ts';
import { MAX_WAITS } from './waits.ts';

/** A trace that waited longer than a day would be a mistake in the unit; all the while its spans take memory. */
const LONGEST = { max: 86_400_000 };

/** What ends the waiting of traces for which a condition holds. */
export interface WaitConfig {
  readonly name: string;
  readonly when?: ConditionConfig | undefined;
  readonly policy?: string | undefined;
  /** Milliseconds, as all of these. */
  readonly decision_wait?: number | undefined;
  readonly after_root?: number | undefined;
  readonly after_match?: number | undefined;
}

/** Annotated, because the type of a condition is long and stands in many places. */
const wait: z.ZodType<WaitConfig> = z
  .strictObject({
    name: slug('name shown where it is explained why a trace was decided when it was'),
    when: condition
      .optional()
      .describe('applies from when this holds of the spans that have come; once it holds it must hold for good'),
    policy: slug('or from when this policy is sure to force or to drop the trace').optional(),
    decision_wait: optionalDuration('for these traces instead of sample.decision_wait', LONGEST),
    after_root: optionalDuration('for these traces instead of sample.after_root', LONGEST),
    after_match: optionalDuration('or so long after it first applies, if that is sooner', LONGEST),
  })
  .superRefine((value, context) => {
    const { when, policy, decision_wait, after_root, after_match } = value;
    const report = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message });
    if ((when === undefined) === (policy === undefined)) report('when', 'either when or policy must be given');
    if (decision_wait === undefined && after_root === undefined && after_match === undefined)
      report('decision_wait', 'decision_wait, after_root or after_match must be given');
    const passing = when === undefined ? undefined : passingLeaf(when);
    if (passing !== undefined) report('when', `${passing} may hold for a while only, until more spans have come`);
  });

/** The list of waits; of two that apply to a trace the first listed decides about each of its times. */
export const waits = z
  .array(wait)
  .max(MAX_WAITS)
  .default([])
  .refine((list) => new Set(list.map((each) => each.name)).size === list.length, 'names must differ')
  .describe(
    'waits of their own for traces of which something is known while they come; where several apply, the first listed that names a time decides about it, and the soonest after_match counts',
  );

/** Refuses waits for policies that cannot tell before a trace is whole. */
export function checkWaits(
  { waits: list, policies }: { readonly waits: readonly WaitConfig[]; readonly policies: readonly PolicyConfig[] },
  context: z.RefinementCtx,
): void {
  list.forEach(({ policy: name }, i) => {
    if (name === undefined) return;
    const policy = policies.find((each) => each.name === name);
    const problem = policy === undefined ? 'is no policy' : policyProblem(policy);
    if (problem !== undefined) context.addIssue({ code: 'custom', path: ['waits', i, 'policy'], message: problem });
  });
}

function policyProblem(policy: PolicyConfig): string | undefined {
  const { type } = policy;
  const isShare = 'ratio' in policy && policy.ratio < 1;
  if (isShare || NEVER_SURE.has(type)) return `is of a kind that is not sure of a trace before it is decided (${type})`;
  const passing = conditionsOf(policy).flatMap((each) => passingLeaf(each) ?? [])[0];
  return passing === undefined ? undefined : `asks for ${passing}, which may hold for a while only`;
}

const NEVER_SURE: ReadonlySet<string> = new Set<PolicyConfig['type']>([
  'probabilistic',
  'by_key',
  'floor',
  'new_path',
  'violation',
  'composite',
]);

/** Names a part of a condition that more spans may turn from true to false. */
function passingLeaf(config: ConditionConfig): string | undefined {
  switch (config.type) {
    case 'not':
      return 'not';
    case 'and':
    case 'or':
      return config.of.flatMap((each) => passingLeaf(each) ?? [])[0];
    default:
      return isPassing(config) ? `${config.type} with ${config.type === 'span_count' ? 'max' : 'invert'}` : undefined;
  }
}

function isPassing(config: LeafConfig): boolean {
  if (config.type === 'span_count') return config.max !== undefined;
  return config.type === 'string_attribute' && config.invert;
}
