// Configuration of what is not told: silences, maintenance windows, holidays.
import { z } from 'zod';
import { timeOfDay, timeZone } from '../config/fields.ts';
import { KINDS, WEEKDAYS } from './defaults.ts';
import type { Silence } from './contract.ts';
import { SEVERITIES } from './route.ts';

const MAX_ENTRIES = 1000;

/** A point in time with its offset; output in milliseconds since the epoch. */
function instant(description: string) {
  return z.iso
    .datetime({ offset: true, error: 'must be a time such as 2026-12-24T18:00:00+01:00' })
    .transform((text) => Date.parse(text))
    .optional()
    .describe(description);
}

const matchers = {
  attributes: z
    .record(z.string(), z.string())
    .default({})
    .describe('of what is watched, as service.name or span.name, with the value each must have; * stands for any text'),
  kinds: z.array(z.enum(KINDS)).default([]).describe('of violations; all where none is named'),
  severities: z.array(z.enum(SEVERITIES)).default([]).describe('of violations; all where none is named'),
};

/** One silence. What it matches is not told of while it holds. */
export const silenceConfig = z
  .strictObject({
    ...matchers,
    start: instant('holds from then on; at once where it is left out'),
    end: instant('holds until then; for ever where it is left out'),
    comment: z.string().max(500).default('').describe('why'),
  })
  .refine(({ start, end }) => start === undefined || end === undefined || start < end, 'end must be after start');

const maintenance = z
  .strictObject({
    name: z.string().min(1).max(100).describe('what is done then'),
    ...matchers,
    days: z.array(z.enum(WEEKDAYS)).min(1).optional().describe('on which it begins each week; needs from and to'),
    from: timeOfDay('when it begins').optional(),
    to: timeOfDay('when it ends; on the next day where that is not after from').optional(),
    time_zone: timeZone,
    start: instant('when it begins, where it is once; needs end'),
    end: instant('when it ends'),
  })
  .refine(({ days, from, to, start, end }) => {
    const weekly = [days, from, to].filter((each) => each !== undefined).length;
    const once = [start, end].filter((each) => each !== undefined).length;
    return (weekly === 3 && once === 0) || (weekly === 0 && once === 2);
  }, 'must have days, from and to, or start and end')
  .refine(({ start = 0, end = Infinity }) => start < end, 'end must be after start');

const holidays = z.strictObject({
  dates: z.array(z.iso.date('must be a date such as 2026-12-25')).max(MAX_ENTRIES).default([]).describe('whole days'),
  time_zone: timeZone,
  min_severity: z.enum(SEVERITIES).default('critical').describe('milder ones are not told on these days'),
});

/** Fields of the room's block. */
export const scheduleFields = {
  silences: z.array(silenceConfig).max(MAX_ENTRIES).default([]).describe('what is not told for a time'),
  maintenance: z.array(maintenance).max(MAX_ENTRIES).default([]).describe('when work is done and nothing is told'),
  holidays: holidays.prefault({}).describe('days on which traffic is not what it is on others'),
};

export type SilenceConfig = z.output<typeof silenceConfig>;
export type MaintenanceConfig = z.output<typeof maintenance>;
export type HolidaysConfig = z.output<typeof holidays>;
export type Matchers = Pick<Silence, 'attributes' | 'kinds' | 'severities'>;
