// Configuration of `alert`: by which channels people are told, and when they are not.
import { z } from 'zod';
import { duration, slug, whole } from '../config/fields.ts';
import { channelConfig } from './channel-config.ts';
import { SEVERITIES } from './route.ts';
import { scheduleFields } from './schedule-config.ts';

const HOUR_MS = 3_600_000;

export const alertConfig = z
  .strictObject({
    channels: z
      .record(slug('name of the channel'), channelConfig)
      .default({})
      .describe('who is told, by name; the log is told of all unless a channel named log says otherwise'),
    page_min_severity: z
      .enum(SEVERITIES)
      .default('warning')
      .describe('milder ones are not shown as alerts on the page'),
    ...scheduleFields,
    group_wait: duration('5s', 'what else one cause brings about is waited for so long, but for an emergency', {
      max: HOUR_MS,
    }),
    repeat_interval: duration('4h', 'what goes on and nobody acknowledged is told again each', { min: 60_000 }),
    max_notifications: z
      .strictObject({
        count: whole(20, 1, 10_000, 'so many'),
        per: duration('1h', 'in so long', { min: 1000 }),
      })
      .prefault({})
      .describe(
        'told by one channel; the milder ones are the first to be left out; the end of what was told is always told',
      ),
    max_queue: whole(200, 1, 10_000, 'notifications that wait for one channel; then the mildest is left out'),
    max_alerts: whole(1000, 10, 100_000, 'alerts that are known at once, those that are over among them'),
    retry_initial: duration('1s', 'wait before the second attempt; doubles, with jitter', { min: 10 }),
    retry_max: duration('1m', 'longest wait between attempts', { min: 10 }),
    retry_elapsed: duration('1h', 'what could not be told within is given up', { min: 1000 }),
    drain_timeout: duration('5s', 'at stop, delivery is tried for so long'),
    allow_link_local: z
      .boolean()
      .default(false)
      .describe('whether channels may reach link-local addresses, at which clouds answer with credentials'),
    base_url: z
      .url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' })
      .optional()
      .describe('of the page, as those see it who are told; without it they get no links'),
  })
  .prefault({});

export type AlertConfig = z.output<typeof alertConfig>;
