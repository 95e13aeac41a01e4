// Configuration of `limit`: how many series metrics may have, and what becomes of the others.
import { z } from 'zod';
import { derivedWhole, duration, size, whole } from '../config/fields.ts';
import { patternProblem } from '../config/pattern.ts';

/** What is compared with every metric, once; and what names an attribute. */
const MAX_RULES = 64;
const MAX_ATTRIBUTES = 64;
const MAX_TEXT = 256;
/** `increase()` over five minutes has to see a folded series end; see design.md, section 6. */
const MIN_FROZEN_MS = 5 * 60_000;
/** One page of 8 KiB for each size of record, and room to work. */
const MIN_STREAMS_MEMORY = 256 * 1024;

/** Kinds of text that become a template. */
export const TEMPLATE_KINDS = ['id', 'hash', 'number', 'email', 'path'] as const;
export type TemplateKind = (typeof TEMPLATE_KINDS)[number];

const text = z.string().min(1).max(MAX_TEXT);
const budgets = z
  .record(text, z.number().int().min(1).max(1_000_000))
  .refine((each) => Object.keys(each).length <= MAX_ATTRIBUTES, `at most ${MAX_ATTRIBUTES} attributes`);
const templates = z.array(z.enum(TEMPLATE_KINDS)).max(TEMPLATE_KINDS.length);
const series = z.number().int().min(1).max(1_000_000);

const SERIES = 'series of one metric of one service, its overflow series among them; beyond it attributes are folded';
const ATTRIBUTES = 'distinct values of an attribute, by its key; beyond it that attribute is folded';
const TEMPLATES =
  'values of a folded attribute that look like these become templates as {id}, {hash}, {num}, {email} or /users/{num} first; [] for none';
const FOLD =
  'overflow takes a folded attribute away and says otel.metric.overflow=true; any other text stands for its values';

const rule = z
  .strictObject({
    match: z.strictObject({
      name: text.optional().describe('name of the metric, in full'),
      pattern: z.string().optional().describe('or a regular expression in RE2 syntax, found anywhere in the name'),
      service: text.optional().describe('service.name, in full'),
    }),
    max_series: series.optional().describe(SERIES),
    attributes: budgets.optional().describe(ATTRIBUTES),
    templates: templates.optional().describe(TEMPLATES),
    fold: text.optional().describe(FOLD),
  })
  .superRefine(({ match: { name, pattern, service } }, context) => {
    const report = (message: string): void => context.addIssue({ code: 'custom', path: ['match'], message });
    if (name === undefined && pattern === undefined && service === undefined)
      report('name, pattern or service must be given');
    if (name !== undefined && pattern !== undefined) report('either name or pattern, not both');
    const problem = pattern === undefined ? undefined : patternProblem(pattern);
    if (problem !== undefined) report(`pattern ${problem}`);
  });

export const limitConfig = z
  .strictObject({
    max_series: whole(1000, 1, 1_000_000, SERIES),
    max_total_series: derivedWhole(
      1,
      1_000_000,
      'series of all metrics together, 10000 or as many as memory_limit has room for; beyond it the metric that has most is folded; readings of monitoring have places of their own',
    ),
    attributes: budgets.default({}).describe(ATTRIBUTES),
    metrics: z.array(rule).max(MAX_RULES).default([]).describe('other limits for some metrics; the first that matches'),
    templates: templates.default([...TEMPLATE_KINDS]).describe(TEMPLATES),
    fold: text.default('overflow').describe(FOLD),
    ttl: duration('10m', 'a series without a point for so long frees its place', { min: 10_000 }),
    frozen_for: duration('5m', 'a folded series keeps its last value for so long before it ends', {
      min: MIN_FROZEN_MS,
    }),
    dry_run: z.boolean().default(false).describe('changes nothing, but counts and shows what would become of points'),
    max_streams_memory: size('4MiB', 'last values of folded cumulative streams in memory; beyond it they go to disk', {
      min: MIN_STREAMS_MEMORY,
    }),
    state: z
      .strictObject({
        path: z.string().min(1).default('./.evenkeel').describe('folder of the file with last values; made if needed'),
        max_size: size(
          '512MiB',
          'last values in memory and on disk; beyond it increments of further streams are dropped and counted',
          { min: MIN_STREAMS_MEMORY },
        ),
      })
      .prefault({})
      .describe('a file that is made when memory does not hold all, and gone when the sidecar ends'),
  })
  .prefault({});

export type LimitConfig = z.output<typeof limitConfig>;
