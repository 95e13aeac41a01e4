// Configuration of `baseline`: what is watched, and how often it may be wrong.
import { z } from 'zod';
import { derivedWhole, duration, optionalDuration, ratio } from '../config/fields.ts';
import { FALSE_ALARM_DAYS } from './defaults.ts';

const MAX_OVERRIDES = 1000;

const named = (what: string): z.ZodDefault<z.ZodString> =>
  z.string().min(1).default('*').describe(`${what} that are meant; * stands for any text`);

const override = z.strictObject({
  service: named('services'),
  operation: named('span names'),
  latency: optionalDuration('in place of the one for all'),
  errors: ratio('in place of the one for all').optional(),
});

const minChange = z
  .strictObject({
    latency: duration(
      '0s',
      'slower is told of only where so much was added to the median or the mean of durations; what adds less is watched, and not learned from',
    ),
    errors: ratio('failing more often is told of only from this share of failed calls on').default(0),
    overrides: z
      .array(override)
      .max(MAX_OVERRIDES)
      .default([])
      .describe('for some operations; of those that mean one the first counts'),
  })
  .prefault({})
  .describe('how much has to change so that somebody is told, however sure it is');

export const baselineConfig = z
  .strictObject({
    false_alarm_every: duration(
      `${FALSE_ALARM_DAYS}d`,
      'how seldom one operation may be called in violation though nothing is wrong; seldomer takes longer to be sure',
      // No timer runs so long.
      { min: 3_600_000, max: 3650 * 86_400_000 },
    ),
    season: duration(
      '24h',
      'durations that rise and fall within this time are expected to again, once they did nearly twice: two waves, of this length and of half of it. With 7d the days of a week differ in this way, and not their hours; how often calls come and fail has no season',
      { min: 60_000 },
    ),
    max_operations: derivedWhole(
      1,
      100_000,
      'operations that are watched; as many as a quarter of memory_limit holds, 10000 at most, unless configured; those that come later are counted and not watched',
    ),
    min_change: minChange,
    operation_ttl: duration('7d', 'an operation without a call for so long is forgotten with its baseline', {
      min: 60_000,
    }),
  })
  .prefault({});

export type BaselineConfig = z.output<typeof baselineConfig>;

/** The configuration, and what else is known where it runs. */
export type BaselineOptions = BaselineConfig & {
  /** Services are told how much to sample. */
  readonly is_head_sampled?: boolean;
};
