// Configuration that every exporter has: who the receiver is, what proves who we are, how long is waited and tried.
import { z } from 'zod';
import { derivedSize, duration, httpHeaders } from '../config/fields.ts';
import { TRAIL_HEADER } from '../pipeline/trail.ts';

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

/** Fields of each exporter's block that say how its receiver is reached. */
export const receiverFields = {
  headers: httpHeaders(OWN_HEADERS, 'exporter'),
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
