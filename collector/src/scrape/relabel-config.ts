// Configuration of relabelling: Prometheus' rules, of which a wrong one is found before anything starts.
import { z } from 'zod';
import { patternProblem } from '../config/pattern.ts';

const ACTIONS = ['keep', 'drop', 'replace', 'labelmap', 'labeldrop', 'labelkeep', 'hashmod'] as const;
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
/** A name of a label, of which parts may come from groups. */
const LABEL_TEMPLATE = /^(?:[a-zA-Z_]|\$(?:\{\w+\}|\w+))(?:\w|\$(?:\{\w+\}|\w+))*$/;
const MAX_MODULUS = 2 ** 32;

const fields = z.strictObject({
  source_labels: z.array(z.string().min(1)).default([]).describe('labels whose values are joined and matched'),
  separator: z.string().default(';').describe('between joined values'),
  target_label: z.string().optional().describe('label that replace and hashmod write; may hold $1'),
  regex: z
    .string()
    .default('(.*)')
    .describe('RE2 pattern of the whole joined value; of names for labelmap, labeldrop and labelkeep'),
  modulus: z.number().int().min(1).max(MAX_MODULUS).optional().describe('shares that hashmod makes'),
  replacement: z.string().default('$1').describe('what replace writes; the name that labelmap gives'),
  action: z.enum(ACTIONS).default('replace').describe('what is done on a match'),
});

type RuleFields = z.output<typeof fields>;

export const relabelRule = fields.check((context) => {
  for (const [key, message] of ruleProblems(context.value))
    context.issues.push({ code: 'custom', path: [key], message, input: context.value });
});

/** One rule of relabelling. @see Prometheus, Configuration, relabel_config */
export type RelabelRule = z.output<typeof relabelRule>;

function ruleProblems(rule: RuleFields): [key: keyof RuleFields, message: string][] {
  const { action, target_label, modulus, regex, replacement, source_labels } = rule;
  const problems: [keyof RuleFields, string][] = [];
  // An empty pattern is of use here: it matches where there is no label.
  const wrong = regex === '' ? undefined : patternProblem(regex);
  if (wrong !== undefined) problems.push(['regex', wrong]);
  const writes = action === 'replace' || action === 'hashmod';
  if (writes && target_label === undefined) problems.push(['target_label', `is needed by ${action}`]);
  if (!writes && target_label !== undefined) problems.push(['target_label', `is of no use to ${action}`]);
  const names = action === 'replace' ? LABEL_TEMPLATE : LABEL_NAME;
  if (writes && target_label !== undefined && !names.test(target_label))
    problems.push(['target_label', 'is no name of a label']);
  if (action === 'labelmap' && !LABEL_TEMPLATE.test(replacement))
    problems.push(['replacement', 'makes no name of a label']);
  if (action === 'hashmod' && modulus === undefined) problems.push(['modulus', 'is needed by hashmod']);
  if (action !== 'hashmod' && modulus !== undefined) problems.push(['modulus', `is of no use to ${action}`]);
  const byName = action === 'labelmap' || action === 'labeldrop' || action === 'labelkeep';
  if (byName && source_labels.length > 0) problems.push(['source_labels', `is of no use to ${action}`]);
  if ((action === 'keep' || action === 'drop') && source_labels.length === 0)
    problems.push(['source_labels', `is needed by ${action}`]);
  return problems;
}
