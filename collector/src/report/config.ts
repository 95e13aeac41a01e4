// Configuration of `report`: what is gathered for reports, and who gets them by mail.
import { z } from 'zod';
import { slug, timeOfDay, timeZone, whole } from '../config/fields.ts';

const email = z.strictObject({
  channel: slug('the channel of alert, of type email, whose server and sender are used'),
  kinds: z
    .array(z.enum(['daily', 'weekly', 'monthly']))
    .min(1)
    .default(['daily', 'weekly', 'monthly'])
    .describe('which reports; each is sent once'),
  time: timeOfDay('from when on a report is sent after its period, which ends at midnight UTC').default('06:00'),
  time_zone: timeZone,
  to: z
    .array(z.email('must be an address of mail'))
    .min(1)
    .max(50)
    .optional()
    .describe('who gets it; those of the channel where it is left out'),
});

const price = z.strictObject({
  model: z.string().min(1).describe('name of the model as it was asked for; * stands for any text'),
  input: z.number().min(0).describe('what a million tokens in cost'),
  output: z.number().min(0).describe('what a million tokens out cost'),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, 'must be three capital letters, as EUR')
    .default('USD')
    .describe('of both'),
});

export const reportConfig = z
  .strictObject({
    max_operations: whole(
      1000,
      1,
      10_000,
      'operations of a day with figures of their own; calls of the others are summed',
    ),
    max_days: whole(62, 2, 400, 'days that are kept; a monthly report needs 62 to compare with the month before'),
    llm_prices: z
      .array(price)
      .max(200)
      .default([])
      .describe('what language models cost; the first that fits counts, and without one no cost is told'),
    email: email.optional().describe('reports by mail; none where it is left out'),
  })
  .prefault({});

export type ReportConfig = z.output<typeof reportConfig>;
