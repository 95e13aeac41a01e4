// Configuration of `targets`: bounds that hold whatever was normal before, of operations and of metrics, by name.
import { z } from 'zod';
import { duration, slug, whole } from '../config/fields.ts';
import {
  MAX_SUBJECTS,
  METRIC_STATISTICS,
  OBJECTIVES,
  OPERATION_STATISTICS,
  SEVERITIES,
  SPAN_KINDS,
} from './defaults.ts';

const UNIT_SECONDS: Readonly<Record<string, number>> = { us: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600 };
const DURATION = /^(\d+(?:\.\d+)?)(us|ms|s|m|h)$/;
const DURATION_TEXT = 'must be a duration such as 100ms or 2s';

/** In the unit of what is judged; durations are seconds. */
export interface Bound {
  readonly value: number;
  /** UCUM; empty where only a number is given. */
  readonly unit: 's' | '';
}

function bound(description: string) {
  const number = z.number('must be a number').transform((value): Bound => ({ value, unit: '' }));
  const text = z
    .string(DURATION_TEXT)
    .regex(DURATION, DURATION_TEXT)
    .transform((each): Bound => {
      const [, digits = '', unit = ''] = DURATION.exec(each) ?? [];
      return { value: Number(digits) * (UNIT_SECONDS[unit] ?? NaN), unit: 's' };
    });
  return z.union([number, text]).optional().meta({ description, unit: 'number or duration' });
}

const pattern = z.string('must be a pattern; put numbers into quotes').max(256);

function patterns(description: string) {
  return z.array(pattern).min(1).default(['*']).describe(description);
}

const attributes = z
  .record(z.string(), z.union([pattern, z.array(pattern).min(1)]))
  .default({})
  .describe(
    'a pattern or several for each attribute of the point or its resource, of which one has to fit: `*` stands for any text, "" for none, and what begins with ! must not fit',
  );

const shared = {
  enabled: z.boolean().default(true).describe('false: as if it were not here'),
  max: bound('what it may be at most; durations are seconds, ratios 0 to 1'),
  min: bound('what it has to be at least, instead of max'),
  critical_at: bound('from here on it is critical, however mild severity is'),
  severity: z.enum(SEVERITIES).default('warning').describe('how bad a miss is'),
  window: duration('1m', 'it is judged by so much of the latest past', { min: 5000, max: 3_600_000 }),
  sustained: duration('15s', 'it has to be missed for so long to be said', { max: 3_600_000 }),
  min_calls: whole(10, 1, 1_000_000, 'calls, or measurements of a metric, below which a window is not judged'),
};

interface Bounded {
  readonly max?: Bound | undefined;
  readonly min?: Bound | undefined;
  readonly critical_at?: Bound | undefined;
}

/** One bound, and what is critical beyond it. */
function checkBounds({ max, min, critical_at }: Bounded, problem: (path: string, message: string) => void): void {
  if (max === undefined && min === undefined) problem('max', 'is missing; a target has max or min');
  else if (max !== undefined && min !== undefined) problem('min', 'stands beside max; a target has one of them');
  if (critical_at === undefined) return;
  if (max !== undefined && critical_at.value < max.value) problem('critical_at', 'must be at least max');
  if (min !== undefined && critical_at.value > min.value) problem('critical_at', 'must be at most min');
}

/** What no operation could ever miss is a slip: shares of calls are 0 to 1, and they and rates are no durations. */
function checkUnits(
  { statistic, ...bounds }: Bounded & { readonly statistic: (typeof OPERATION_STATISTICS)[number] },
  problem: (path: string, message: string) => void,
): void {
  if (statistic !== 'error_ratio' && statistic !== 'rate') return;
  for (const key of ['max', 'min', 'critical_at'] as const) {
    const { [key]: limit } = bounds;
    if (limit?.unit === 's') problem(key, `is a duration; ${statistic} is a number`);
    else if (limit !== undefined && statistic === 'error_ratio' && limit.value > 1)
      problem(key, 'is a share of calls, 0 to 1');
  }
}

const operation = z
  .strictObject({
    services: patterns('service.name: patterns of which one has to fit; what begins with ! must not'),
    spans: patterns('names of spans, as services'),
    kinds: z.array(z.enum(SPAN_KINDS)).default([]).describe('kinds of spans; all where none is named'),
    statistic: z.enum(OPERATION_STATISTICS).describe('what is judged; rate is calls a second'),
    ...shared,
  })
  .check(({ value, issues }) => {
    const problem = (key: string, message: string): void => {
      issues.push({ code: 'custom', path: [key], message, input: value });
    };
    checkBounds(value, problem);
    checkUnits(value, problem);
  });

const metric = z
  .strictObject({
    metrics: z.array(z.string().min(1)).min(1).describe('names, as OpenTelemetry has them'),
    attributes,
    of: z
      .strictObject({ metrics: z.array(z.string().min(1)).min(1).describe('names'), attributes })
      .optional()
      .describe('with ratio: what the whole is; what is asked for above is the part'),
    by: z
      .array(z.string().min(1))
      .max(8)
      .optional()
      .describe(
        'attributes of the point or its resource, beside service.name, that have their own value each; the rest is added up. Without it every series is judged, of a ratio every service',
      ),
    statistic: z
      .enum(METRIC_STATISTICS)
      .describe(
        'what is judged: of gauges value, mean or ratio, of counters rate or ratio, of histograms any but value',
      ),
    ...shared,
  })
  .check(({ value, issues }) => {
    const problem = (key: string, message: string): void => {
      issues.push({ code: 'custom', path: [key], message, input: value });
    };
    checkBounds(value, problem);
    if (value.statistic === 'ratio' && value.of === undefined) problem('of', 'is missing; a ratio is of something');
    if (value.statistic !== 'ratio' && value.of !== undefined) problem('of', 'goes with statistic: ratio only');
  });

/** What is used up of a month's budget within an hour: 2 % at 14.4, 0.8 % at 6. @see Site Reliability Workbook, chapter 5 */
const objectives = z
  .strictObject({
    enabled: z.boolean().default(true).describe('false: what programs promise is not judged here'),
    max: z
      .number('must be a number')
      .positive()
      .default(6)
      .describe('how many times faster than it may be an operation may use up the calls that may fail or be late'),
    critical_at: z
      .number('must be a number')
      .positive()
      .default(14.4)
      .describe(shared.critical_at.description ?? ''),
    severity: shared.severity,
    window: duration('1h', 'it is judged by so much of the latest past, and by a twelfth of it', {
      min: 60_000,
      max: 3_600_000,
    }),
    sustained: shared.sustained,
  })
  .refine(({ max, critical_at }) => critical_at >= max, { path: ['critical_at'], message: 'must be at least max' })
  .prefault({});

export const targetsConfig = z
  .strictObject({
    operations: z.record(slug('name of the target'), operation).default({}).describe('targets of operations, by name'),
    metrics: z.record(slug('name of the target'), metric).default({}).describe('targets of metrics, by name'),
    objectives: objectives.describe(
      'operations whose program promises something (`slo` of the SDK), by its counter evenkeel.operation.calls; judged as soon as one call of those in the window may be bad',
    ),
    max_subjects: whole(1000, 1, MAX_SUBJECTS, 'operations and series that are judged, by all targets together'),
    stale_after: duration('5m', 'what was not heard of for so long is not judged any more', { min: 60_000 }),
  })
  .check(({ value: { operations, metrics }, issues }) => {
    for (const [of, targets] of Object.entries({ operations, metrics }))
      if (Object.hasOwn(targets, OBJECTIVES))
        issues.push({
          code: 'custom',
          path: [of, OBJECTIVES],
          message: 'is the name of what stands under targets.objectives',
          input: targets,
        });
    for (const name of Object.keys(metrics))
      if (Object.hasOwn(operations, name))
        issues.push({
          code: 'custom',
          path: ['metrics', name],
          message: 'is the name of a target of operations too',
          input: metrics,
        });
  })
  .prefault({});

export type TargetsConfig = z.output<typeof targetsConfig>;
export type OperationTargetConfig = TargetsConfig['operations'][string];
export type ObjectivesConfig = TargetsConfig['objectives'];
export type MetricTargetConfig = TargetsConfig['metrics'][string];
