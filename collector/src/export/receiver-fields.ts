// Configuration that every exporter has: who the receiver is, what proves who we are, how long is waited and tried.
import { z } from 'zod';
import { derivedSize, duration } from '../config/fields.ts';
import { TRAIL_HEADER } from '../pipeline/trail.ts';

/** A URL without credentials: those belong into headers, which are never logged. */
export function credentialFreeUrl(description: string) {
  return z
    .url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' })
    .refine((url) => !hasCredentials(url), 'must not carry credentials; use headers')
    .describe(description);
}

function hasCredentials(url: string): boolean {
  return URL.canParse(url) && new URL(url).username + new URL(url).password !== '';
}

/** Headers that follow from the body and the connection. */
const OWN_HEADERS = new Set([
  'content-type',
  'content-length',
  'content-encoding',
  'transfer-encoding',
  'connection',
  'host',
  'x-prometheus-remote-write-version',
  TRAIL_HEADER,
]);

/** What HTTP can carry; messages name the header, never its value. */
const headers = z
  .record(
    z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'is no name of a header'),
    z.string().regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'must not hold line breaks or characters that HTTP cannot carry'),
  )
  .default({})
  .refine(
    (named) => !Object.keys(named).some((name) => OWN_HEADERS.has(name.toLowerCase())),
    'must not name a header that the exporter sets itself',
  )
  .describe('sent with every request; values are never shown');

/** Fields of each exporter's block that say how its receiver is reached. */
export const receiverFields = {
  headers,
  timeout: duration('10s', 'a request must be answered within', { min: 10 }),
  ca_file: z.string().optional().describe('PEM file of the authority that signed the receiver, beside the usual ones'),
  cert_file: z
    .string()
    .optional()
    .describe('PEM file of the certificate shown to a receiver that asks for one; changes are taken up within 30s'),
  key_file: z.string().optional().describe('PEM file of its private key, without a passphrase'),
};

/** Fields of each exporter's block that say what waits, and for how long. @param whenFull what is lost then */
export function queueFields(whenFull: string) {
  return {
    max_queue: derivedSize(`bytes waiting for delivery, ${whenFull}; a quarter of memory_limit, shared by all`),
    retry_initial: duration('1s', 'wait before the second attempt; doubles, with jitter', { min: 10 }),
    retry_max: duration(
      '30s',
      'longest wait between attempts; 2s, or retry_initial where that is longer, while an eighth of the queue is full',
      { min: 10 },
    ),
    retry_elapsed: duration('5m', 'a batch not delivered within is given up'),
  };
}

/** A check for `refine`, with its message. */
export const certificateAndKey = [
  ({ cert_file, key_file }: { cert_file?: string | undefined; key_file?: string | undefined }): boolean =>
    (cert_file === undefined) === (key_file === undefined),
  'cert_file and key_file go together',
] as const;
