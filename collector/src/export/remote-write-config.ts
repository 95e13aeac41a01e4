// Configuration of one remote write exporter.
import { z } from 'zod';
import { credentialFreeUrl, duration, whole } from '../config/fields.ts';
import { certificateAndKey, queueFields, receiverFields } from './receiver-fields.ts';

const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

export const remoteWriteConfig = z
  .strictObject({
    url: credentialFreeUrl('URL of a remote write receiver, used as it is'),
    protocol: z
      .enum(['auto', '2.0', '1.0'])
      .default('auto')
      .describe('version spoken; auto begins with 2.0 and goes on with 1.0 where the receiver does not know it'),
    token_file: z
      .string()
      .min(1)
      .optional()
      .describe('file with a bearer token, sent with every request; changes are taken up within 30s'),
    ...receiverFields,
    ...queueFields('beyond which the oldest are lost: later values of the same series tell more'),
    max_samples_per_send: whole(2000, 1, 100_000, 'samples of one request'),
    batch_delay: duration('1s', 'samples wait so long for others', { min: 10, max: 60_000 }),
    external_labels: z
      .record(
        z.string().regex(LABEL, 'is no name of a label').refine(isFree, 'names starting with __ are reserved'),
        z.string(),
      )
      .default({})
      .describe('labels of every series pushed; a label the series has itself stays'),
    native_histograms: z
      .boolean()
      .default(true)
      .describe('push exponential histograms as native ones; else as their count and sum only'),
    exemplars: z.boolean().default(true).describe('push exemplars'),
    metadata: z.boolean().default(true).describe('push type, unit and description of metrics'),
  })
  .refine(...certificateAndKey)
  .refine(
    ({ token_file, headers }) =>
      token_file === undefined || !Object.keys(headers).some((name) => name.toLowerCase() === 'authorization'),
    'token_file and an authorization header are one too many',
  );

function isFree(label: string): boolean {
  return !label.startsWith('__');
}

export type RemoteWriteConfig = z.output<typeof remoteWriteConfig>;
