// Configuration of `store`: the file beside the sidecar.
import { z } from 'zod';
import { duration, size } from '../config/fields.ts';

export const storeConfig = z
  .strictObject({
    path: z.string().min(1).default('./.evenkeel').describe('folder of the store; made if missing'),
    ring_size: size('64MiB', 'kept traces for the page, the oldest go first'),
    ring_age: duration('24h', 'and none older than this', { max: 366 * 86_400_000 }),
    max_queue: size('8MiB', 'kept traces on their way to the store; beyond it they are left out of the ring'),
  })
  .prefault({});

export type StoreConfig = z.output<typeof storeConfig>;

/** The store's configuration, and what it keeps for sampling. */
export type StoreOptions = StoreConfig & {
  /** Bytes on disk for decisions; 0 keeps none. */
  readonly max_decision_disk?: number;
};
