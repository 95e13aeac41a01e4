// Wishes to keep something for a time, as they come in: what to keep, and for how long.
import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { duration } from '../config/fields.ts';
import type { PinWish } from '../sample/contract.ts';
import { readSmallBody } from './small-body.ts';

const MAX_BODY_BYTES = 4096;
const MAX_NAME = 256;
const DAY_MS = 86_400_000;

const name = z.string().min(1).max(MAX_NAME);

/** `for` is a duration as in the configuration. */
const wish = z
  .strictObject({
    trace_id: z
      .string()
      .regex(/^[0-9a-f]{32}$/i, 'a trace id has 32 hexadecimal digits')
      .optional(),
    service: name.optional(),
    operation: name.optional(),
    for: duration('10m', 'how long', { min: 1000, max: DAY_MS }),
  })
  .refine(
    ({ trace_id: traceId, service, operation }) =>
      (traceId !== undefined) !== (service !== undefined) && (operation === undefined || service !== undefined),
    'name either a trace_id, or a service with or without one of its operations',
  );

/** Reads a wish. @returns the wish, or what is wrong with it */
export async function readWish(request: IncomingMessage): Promise<PinWish | string> {
  const text = await readSmallBody(request, MAX_BODY_BYTES);
  if (text === undefined) return `a wish has at most ${MAX_BODY_BYTES} bytes`;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return 'this is no JSON';
  }
  const { success, data, error } = wish.safeParse(json);
  if (!success) return error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`.trim()).join('; ');
  return {
    forMs: data.for,
    ...(data.trace_id === undefined ? {} : { traceId: data.trace_id.toLowerCase() }),
    ...(data.service === undefined ? {} : { service: data.service }),
    ...(data.operation === undefined ? {} : { operation: data.operation }),
  };
}
