// Configuration of `resources`: which metrics are watched, what is normal for them, and when one is near its limit.
import { z } from 'zod';
import { duration, ratio, whole } from '../config/fields.ts';

/** A host and its programs have fifty to a hundred; each takes some 20 KB. */
const MAX_SERIES = 300;

const name = z.string().min(1).max(255);

const watched = z.strictObject({
  metrics: z.array(name).min(1).describe('names of metrics; `*` stands for any text'),
  attributes: z
    .record(z.string().min(1), z.string())
    .default({})
    .describe('values that attributes of the point or its resource must have; `*` stands for any text'),
  as: z
    .enum(['auto', 'value', 'rate', 'mean'])
    .default('auto')
    .describe(
      'what is watched: the value, how fast a counter rises a second, or the mean of what a histogram counted; auto takes what fits the kind of the metric',
    ),
  direction: z
    .enum(['up', 'down', 'both'])
    .default('both')
    .describe('to which side it has to leave its baseline to be a violation'),
  least_change: z
    .number()
    .min(0)
    .default(0)
    .describe('what is no change worth a word, in the unit of what is watched; also added to both sides of a ratio'),
  limit: z.number().positive().optional().describe('what it cannot exceed: near it, it is saturated'),
  limit_metric: name
    .optional()
    .describe('a metric of the same sender and the same attributes that tells the limit, instead of limit'),
});

export const resourceConfig = z
  .strictObject({
    step: duration('60s', 'what is judged are means of so long', { min: 1000, max: 3_600_000 }),
    defaults: z
      .boolean()
      .default(true)
      .describe(
        'whether usual metrics of hosts, processes and runtimes are watched: processor, memory, paging, disks, file systems, network, connections, file descriptors, threads, event loop, garbage collection, connection pools',
      ),
    watch: z
      .array(
        watched.refine(({ limit, limit_metric }) => limit === undefined || limit_metric === undefined, {
          error: 'has both limit and limit_metric',
          path: ['limit_metric'],
        }),
      )
      .max(100)
      .default([])
      .describe('further metrics, whatever door they come by; the first that fits a metric counts, before defaults'),
    max_series: whole(
      MAX_SERIES,
      1,
      10_000,
      'series that are watched, of 20 KB each; those that come later are counted and not watched',
    ),
    series_ttl: duration('7d', 'a series without a point for so long is forgotten with its baseline', { min: 60_000 }),
    learn_for: duration(
      '2d',
      'before so much of a series is known, nothing is said of its baseline; limits are watched from the first point on',
      { min: 60_000 },
    ),
    saturation: z
      .strictObject({
        warning: ratio('used share of a limit above which it is said').default(0.8),
        critical: ratio('used share of a limit above which it is critical').default(0.95),
        sustained: duration('60s', 'for how long it must be above', { min: 1000 }),
        busy_sustained: duration(
          '15m',
          'the same of processors and event loops, which may be busy for minutes without harm',
          { min: 1000 },
        ),
      })
      .refine(({ warning, critical }) => warning < critical, {
        error: 'must be above warning',
        path: ['critical'],
      })
      .prefault({}),
  })
  .prefault({});

export type ResourceConfig = z.output<typeof resourceConfig>;
export type WatchConfig = ResourceConfig['watch'][number];
