// What people ask for about alerts, as it comes in, with everything that is wrong with it. Pure: the time is given.
import { z } from 'zod';
import { optionalDuration } from '../config/fields.ts';
import type { SilenceWish } from './contract.ts';
import { KINDS } from './defaults.ts';
import { SEVERITIES } from './route.ts';

const MINUTE_MS = 60_000;
/** What is to be silent for longer belongs into the configuration, where it is seen. */
const MAX_SILENCE_MS = 30 * 86_400_000;
const MAX_ATTRIBUTES = 20;
const MAX_NAME = 256;
/** Span names may be long. */
const MAX_VALUE = 1024;
const MAX_BY = 100;

/** One line, because it is written into logs and messages. */
function line(max: number) {
  return z
    .string()
    .max(max)
    .refine((text) => !/[\p{Cc}\u2028\u2029]/u.test(text), 'must be one line');
}

const by = line(MAX_BY)
  .trim()
  .min(1)
  .optional()
  .transform((name) => name ?? '');

const acknowledgement = z.strictObject({ by });
const rating = z.strictObject({ useful: z.boolean(), by });

const silence = z
  .strictObject({
    alert: z.string().min(1).max(MAX_NAME).exactOptional(),
    attributes: z
      .record(z.string().min(1).max(MAX_NAME), z.string().max(MAX_VALUE))
      .refine((found) => Object.keys(found).length <= MAX_ATTRIBUTES, `at most ${MAX_ATTRIBUTES}`)
      .default({}),
    kinds: z.array(z.enum(KINDS)).max(KINDS.length).default([]),
    severities: z.array(z.enum(SEVERITIES)).max(SEVERITIES.length).default([]),
    for: optionalDuration('how long', { min: MINUTE_MS, max: MAX_SILENCE_MS }),
    until: z.iso
      .datetime({ offset: true, error: 'must be a time such as 2026-12-24T18:00:00+01:00' })
      .transform((text) => Date.parse(text))
      .optional(),
    comment: line(500).default(''),
    by,
  })
  .refine((wish) => (wish.for === undefined) !== (wish.until === undefined), 'say either for or until')
  .refine(
    ({ alert, attributes, kinds, severities }) =>
      alert !== undefined || Object.keys(attributes).length + kinds.length + severities.length > 0,
    'say what shall be silent, by alert, attributes, kinds or severities; all severities are everything',
  );

/** A wish, or what is wrong with it. */
export type Read<Wish> = { readonly wish: Wish } | { readonly problem: string };

/** Reads `{by?}`. */
export function readAcknowledgement(json: unknown): Read<{ readonly by: string }> {
  return read(acknowledgement, json);
}

/** Reads `{useful, by?}`. */
export function readRating(json: unknown): Read<{ readonly useful: boolean; readonly by: string }> {
  return read(rating, json);
}

/** Reads `{alert?, attributes?, kinds?, severities?, for | until, comment?, by?}`. */
export function readSilence(json: unknown, nowMs: number): Read<SilenceWish> {
  const found = read(silence, json);
  if ('problem' in found) return found;
  const { for: forMs, until: endMs = nowMs, ...wish } = found.wish;
  const lastsMs = forMs ?? endMs - nowMs;
  if (lastsMs < MINUTE_MS || lastsMs > MAX_SILENCE_MS)
    return { problem: 'until must be from a minute to 30 days from now' };
  return { wish: { ...wish, forMs: lastsMs } };
}

function read<Wish>(schema: z.ZodType<Wish>, json: unknown): Read<Wish> {
  const { success, data, error } = schema.safeParse(json);
  if (success) return { wish: data };
  return { problem: error.issues.map(({ path, message }) => `${path.join('.')} ${message}`.trim()).join('; ') };
}
