// Configuration of `sample`: how much may be kept, and when traces are decided before their time.
import { z } from 'zod';
import { duration, size, whole } from '../config/fields.ts';

const perSecond = (what: string) => z.number().positive().optional().describe(`${what} a second`);
const bytesPerSecond = (what: string) =>
  size('0B', `${what} a second, as received; 0B for no limit`).transform((bytes) => (bytes === 0 ? undefined : bytes));

/** Fields of `sample` about amounts and early decisions. */
export const limitFields = {
  after_error: duration(
    '0s',
    'a trace with an error is decided so long after its first error, if that is sooner; 0s: errors do not hurry it',
  ),
  max_trace_spans: whole(20_000, 16, 10_000_000, 'a trace that has so many spans is decided at once and marked as cut'),
  max_trace_size: size('16MiB', 'or so many bytes', { min: 1024 }),
  budget: z
    .strictObject({
      spans_per_second: perSecond('spans to keep'),
      bytes_per_second: bytesPerSecond('bytes to keep'),
    })
    .prefault({})
    .describe(
      'what the process aims to keep: errors and floors first, the rest at a threshold that follows the traffic; what errors and floors take beyond it is kept, counted and shown',
    ),
  hard_caps: z
    .strictObject({
      spans_per_second: perSecond('spans at most'),
      bytes_per_second: bytesPerSecond('bytes at most'),
      write_threshold: z
        .boolean()
        .default(true)
        .describe('spans of a second that was cut say at which threshold; false erases their threshold instead'),
    })
    .prefault({})
    .describe(
      'what is never exceeded, forced keeps included, by what policies keep; traces wait up to a second longer for it',
    ),
};
