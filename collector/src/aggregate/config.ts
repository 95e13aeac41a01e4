// Configuration of `aggregate`: which metrics are aggregated in windows, and how.
import { z } from 'zod';
import { duration, whole } from '../config/fields.ts';
import { aggregateRule } from './rule-config.ts';

/** Rules a point is held against one after the other, at most. */
const MAX_RULES = 100;

export const aggregateConfig = z
  .strictObject({
    window: duration(
      '60s',
      'length of a window; windows begin at whole multiples of it since 1970, and a point belongs to the one that ends at its time or next after it',
      {
        min: 1000,
        max: 86_400_000,
      },
    ),
    late: duration(
      '5s',
      'a window is closed so long after its end; a point that comes later is dropped and counted, and of cumulative streams the next point covers it',
      {
        max: 3_600_000,
      },
    ),
    stale_after: duration(
      '5m',
      'a stream without a point for so long is forgotten, and no longer counts in a sum of last values',
      {
        min: 1000,
      },
    ),
    max_series: whole(
      10_000,
      1,
      1_000_000,
      'streams and groups that are remembered together; points of others pass as they came, and are counted',
    ),
    rules: z
      .array(aggregateRule)
      .max(MAX_RULES)
      .default([])
      .describe(
        'what is aggregated; the first rule that matches a point takes it, and points without a rule pass as they came',
      ),
  })
  .superRefine(({ rules, window, stale_after }, context) => {
    const report = (path: (string | number)[], message: string): void =>
      context.addIssue({ code: 'custom', path, message });
    for (const [i, rule] of rules.entries()) {
      if (rules.findIndex(({ name }) => name === rule.name) < i)
        report(['rules', i, 'name'], `${rule.name} is the name of an earlier rule too`);
      if ((rule.stale_after ?? stale_after) < (rule.window ?? window))
        report(
          ['rules', i, rule.stale_after === undefined ? 'window' : 'stale_after'],
          'stale_after must not be shorter than the window',
        );
    }
    if (stale_after < window) report(['stale_after'], 'must not be shorter than the window');
  })
  .prefault({});

export type AggregateConfig = z.output<typeof aggregateConfig>;
