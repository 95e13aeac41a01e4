// Configuration of policies: every condition is a policy type, beside those that choose a share.
import { z } from 'zod';
import { ratio, slug } from '../config/fields.ts';
import { checkLeaf, COMBINED_SHAPES, condition, type ConditionConfig, LEAF_SHAPES } from './condition-config.ts';
import { checkComposite, COMPOSITE_SHAPE } from './composite-config.ts';
import { LEARNING_SHAPES } from './learning-config.ts';
import { conditionsOf, leavesOf, matcherKey } from './policy-parts.ts';
import { MAX_MATCHERS } from './facts.ts';

/** Fields of every policy. */
export const POLICY_FIELDS = {
  name: slug('name shown as the reason on kept traces'),
  if: condition
    .optional()
    .describe(
      'the policy has a say only on traces for which this holds; a condition has a `type` and the keys of the policy of that type, but `name`, `if` and `ratio`',
    ),
} as const;

/** Fields of a policy that keeps traces for which its condition holds. */
const RULE_FIELDS = {
  ...POLICY_FIELDS,
  ratio: ratio('share kept of the traces it holds for; 1 forces them: no budget, only hard caps may drop them')
    .gt(0)
    .default(1),
} as const;

const policy = z
  .discriminatedUnion('type', [
    z.strictObject({ ...RULE_FIELDS, ...LEAF_SHAPES.status }),
    z.strictObject({ ...RULE_FIELDS, ...LEAF_SHAPES.latency }),
    z.strictObject({ ...RULE_FIELDS, ...LEAF_SHAPES.duration }),
    z.strictObject({ ...RULE_FIELDS, ...LEAF_SHAPES.span_count }),
    z.strictObject({ ...RULE_FIELDS, ...LEAF_SHAPES.numeric_attribute }),
    z.strictObject({ ...RULE_FIELDS, ...LEAF_SHAPES.string_attribute }),
    z.strictObject({ ...RULE_FIELDS, ...LEAF_SHAPES.boolean_attribute }),
    z.strictObject({ ...RULE_FIELDS, ...LEAF_SHAPES.trace_flags }),
    z.strictObject({ ...RULE_FIELDS, ...LEAF_SHAPES.service }),
    z.strictObject({ ...RULE_FIELDS, ...LEAF_SHAPES.operation }),
    z.strictObject({ ...RULE_FIELDS, ...COMBINED_SHAPES.not }),
    z.strictObject({ ...RULE_FIELDS, ...COMBINED_SHAPES.and }),
    z.strictObject({ ...RULE_FIELDS, ...COMBINED_SHAPES.or }),
    z.strictObject({
      ...POLICY_FIELDS,
      type: z.literal('drop'),
      when: condition.describe('drops the trace where this holds, whatever other policies say'),
    }),
    z.strictObject({
      ...POLICY_FIELDS,
      type: z.literal('probabilistic'),
      ratio: ratio('share of traces to keep, decided from the trace id alike everywhere').gt(0),
    }),
    z.strictObject({ ...POLICY_FIELDS, ...LEARNING_SHAPES.by_key }),
    z.strictObject({ ...POLICY_FIELDS, ...LEARNING_SHAPES.floor }),
    z.strictObject({ ...POLICY_FIELDS, ...LEARNING_SHAPES.new_path }),
    z.strictObject({ ...POLICY_FIELDS, ...LEARNING_SHAPES.violation }),
    z.strictObject({ ...POLICY_FIELDS, ...LEARNING_SHAPES.relative_latency }),
    z.strictObject({ ...POLICY_FIELDS, ...COMPOSITE_SHAPE }),
  ])
  .superRefine(checkLeaf)
  .superRefine(checkComposite);

export const DEFAULT_POLICIES = [
  { name: 'errors', type: 'status' },
  { name: 'slow', type: 'latency', over: '1s' },
  { name: 'share', type: 'probabilistic', ratio: 0.1 },
  { name: 'violation', type: 'violation' },
] as const;

const MAX_POLICIES = 64;

/** The list of policies, in the order in which ties are decided. */
export const policies = z
  .array(policy)
  .min(1)
  .max(MAX_POLICIES)
  .prefault([...DEFAULT_POLICIES])
  .refine((list) => new Set(list.map((each) => each.name)).size === list.length, 'names must differ')
  .superRefine((list, context) => checkMatchers(list, context))
  .describe('all are evaluated; an explicit drop wins, else the one that keeps the largest share decides');

export type PolicyConfig = z.output<typeof policy>;
/** The configuration of one type of policy. */
export type PolicyConfigOf<T extends PolicyConfig['type']> = Extract<PolicyConfig, { type: T }>;
/** The configuration of a policy that is a condition. */
export type RuleConfig = PolicyConfigOf<ConditionConfig['type']>;

/** What looks at spans beside the policies in force. */
interface OtherMatchers {
  /** Of waits, which share what they look for with the policies in force. */
  readonly conditions?: readonly ConditionConfig[];
  /** Policies of a shadow, which share nothing with those in force. */
  readonly shadow?: readonly PolicyConfig[] | undefined;
}

/** Refuses what would need more bits of a trace than there are. */
export function checkMatchers(
  inForce: readonly PolicyConfig[],
  context: z.RefinementCtx,
  { conditions = [], shadow }: OtherMatchers = {},
): void {
  const needed = bitsOf(inForce, conditions) + bitsOf(shadow ?? [], []);
  if (needed <= MAX_MATCHERS) return;
  const apart = shadow === undefined ? '' : '; those of the shadow count by themselves';
  const message = `look for ${needed} different things in every span, ${MAX_MATCHERS} are possible: conditions on attributes, trace_flags, service and operation, equal ones counted once, and each relative_latency${apart}`;
  context.addIssue({ code: 'custom', message });
}

/** Counts the matchers of one sampler. */
function bitsOf(list: readonly PolicyConfig[], others: readonly ConditionConfig[]): number {
  const leaves = [...list.flatMap(conditionsOf), ...others].flatMap(leavesOf);
  const keys = new Set(leaves.flatMap((each) => matcherKey(each) ?? []));
  return keys.size + list.filter(({ type }) => type === 'relative_latency').length;
}
