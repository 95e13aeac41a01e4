// Configuration of one rule of `aggregate`: what it takes, what it makes of it.
import { z } from 'zod';
import { optionalDuration, slug } from '../config/fields.ts';
import { patternProblem } from '../config/pattern.ts';
import { nameTemplate } from './name-template.ts';

const MAX_NAMES = 64;
const MAX_TEXT = 256;

/** What a window may give; the reference says which kinds of metrics each has a meaning for. */
export const OUTPUT_NAMES = [
  'sum',
  'increase',
  'rate',
  'count',
  'last',
  'min',
  'max',
  'mean',
  'stddev',
  'quantiles',
  'histogram',
  'unique_count',
] as const;
export type OutputName = (typeof OUTPUT_NAMES)[number];

/** Outputs that go on from window to window, so that temporality says something of them. */
const SUMMED: readonly OutputName[] = ['sum', 'increase', 'count', 'histogram'];

const text = z.string().min(1).max(MAX_TEXT);
const texts = (description: string) => z.array(text).min(1).max(MAX_NAMES).optional().describe(description);
const pattern = (description: string) =>
  z
    .string()
    .superRefine((value, context) => {
      const problem = patternProblem(value);
      if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
    })
    .optional()
    .describe(description);

const attributeMatch = z
  .strictObject({
    key: text.describe('key of the attribute, of the point or else of its resource'),
    values: texts('it has one of these texts'),
    pattern: pattern('or a text in which this regular expression (RE2 syntax) is found'),
    exists: z.boolean().default(true).describe('false: the attribute is not there'),
  })
  .superRefine(({ values, pattern: tested, exists }, context) => {
    if (values !== undefined && tested !== undefined)
      context.addIssue({ code: 'custom', path: ['pattern'], message: 'either values or pattern, not both' });
    if (!exists && (values !== undefined || tested !== undefined))
      context.addIssue({ code: 'custom', path: ['exists'], message: 'what is not there has no text' });
  });

const match = z
  .strictObject({
    metrics: texts('the metric has one of these names, as its sender writes them'),
    metric_pattern: pattern('this regular expression (RE2 syntax) is found in the name of the metric'),
    services: texts('its service.name is one of these'),
    attributes: z.array(attributeMatch).max(16).default([]).describe('all of these hold'),
  })
  .prefault({});

export const aggregateRule = z
  .strictObject({
    name: slug('name of the rule'),
    match: match.describe('which points the rule takes: those for which all of it holds'),
    outputs: z
      .array(z.enum(OUTPUT_NAMES))
      .max(OUTPUT_NAMES.length)
      .default([])
      .describe(
        'what each window gives. Counters: sum and increase, which are one, rate, count. Gauges and up-down counters: sum of last values, count, last, min, max, mean, stddev, quantiles, histogram (exponential); delta up-down counters: sum, count. Histograms: histogram, quantiles, count, sum, min, max, mean and rate of what was measured. All: unique_count. Summaries, and kinds for which none of the outputs has a meaning, pass as they came',
      ),
    quantiles: z
      .array(z.number().min(0).max(1))
      .min(1)
      .max(16)
      .optional()
      .describe('which quantiles, for the output of that name; by default 0.5, 0.9 and 0.99'),
    unique_count_of: text
      .optional()
      .describe('attribute whose distinct values unique_count estimates; by default it counts series'),
    convert: z
      .enum(['delta', 'cumulative'])
      .optional()
      .describe('instead of outputs: every point of sums and histograms leaves in this temporality, without windows'),
    by: texts('attributes of point and resource that series keep, and service.name; by default all'),
    without: texts('attributes of point and resource that series lose'),
    input: z
      .enum(['replace', 'keep'])
      .default('replace')
      .describe('keep lets points that were taken pass as they came, too'),
    window: optionalDuration('length of its windows, where it differs', { min: 1000, max: 86_400_000 }),
    stale_after: optionalDuration('as above, for its streams', { min: 1000 }),
    temporality: z
      .enum(['cumulative', 'delta'])
      .optional()
      .describe('of outputs that are sums or histograms; by default cumulative'),
    deduplicate: text
      .optional()
      .describe(
        'attribute that tells replicas apart which measure the same; of streams that differ in nothing else one counts in a window: the one that counted last, or else the one known longest',
      ),
    output_name: text
      .optional()
      .describe(
        'name of the metrics made, with {name}, {output} and {rule}; by default {name}.{output}, or {name} for one of sum, increase, last or histogram alone that replaces its input',
      ),
  })
  .superRefine((rule, context) => {
    for (const [path, message] of problemsOf(rule)) context.addIssue({ code: 'custom', path: [path], message });
  });

export type AggregateRule = z.output<typeof aggregateRule>;

/** What no field alone can tell. */
function problemsOf(rule: AggregateRule): [path: string, message: string][] {
  const problems: [string, string][] = [];
  const { outputs, convert } = rule;
  if (convert !== undefined) {
    if (outputs.length > 0) problems.push(['outputs', 'a rule either converts or has outputs']);
    for (const key of ['by', 'without', 'window', 'temporality', 'deduplicate', 'output_name'] as const)
      if (rule[key] !== undefined) problems.push([key, 'says nothing where points are only converted']);
    if (rule.input === 'keep') problems.push(['input', 'a converted point would stand beside the one it came from']);
    return problems;
  }
  if (outputs.length === 0) problems.push(['outputs', 'at least one, or convert']);
  if (new Set(outputs).size < outputs.length) problems.push(['outputs', 'each at most once']);
  if (rule.quantiles !== undefined && !outputs.includes('quantiles'))
    problems.push(['quantiles', 'says nothing without quantiles among outputs']);
  if (rule.unique_count_of !== undefined && !outputs.includes('unique_count'))
    problems.push(['unique_count_of', 'says nothing without unique_count among outputs']);
  if (rule.temporality !== undefined && !outputs.some((output) => SUMMED.includes(output)))
    problems.push(['temporality', `says nothing without one of ${SUMMED.join(', ')} among outputs`]);
  const template = nameTemplate(rule);
  if (outputs.length > 1 && !template.includes('{output}'))
    problems.push(['output_name', 'needs {output}, or outputs would share a name']);
  if (template === '{name}' && rule.input === 'keep')
    problems.push(['output_name', 'must differ from the name of what is kept']);
  const shared = (rule.by ?? []).filter((key) => rule.without?.includes(key) === true);
  if (shared.length > 0) problems.push(['without', `${shared.join(', ')} is in by too`]);
  if (rule.deduplicate !== undefined && rule.by?.includes(rule.deduplicate) === true)
    problems.push(['deduplicate', 'what tells replicas apart is no attribute of the series they have in common']);
  return problems;
}
