// Configuration of what is remembered of decided traces.
import { z } from 'zod';
import { size } from '../config/fields.ts';

/** Fields of `sample` about decisions that were taken. */
export const ledgerFields = {
  max_decisions: z
    .number()
    .int()
    .min(1024)
    .max(4_194_304)
    .optional()
    .describe(
      'decisions in memory, for late spans and for `evenkeel why`; 64 bytes each; 1000000, or fewer where an eighth of memory_limit is less',
    ),
  ledger: z
    .strictObject({
      max_disk: size('1GiB', 'older decisions in the folder of the store, the oldest go first; 0B keeps none there'),
      reason_attributes: z
        .boolean()
        .default(true)
        .describe(
          'kept spans carry the attributes sampling.policy and sampling.reason; switch it off in a sidecar that gets its spans from another, which has said so already',
        ),
    })
    .prefault({})
    .describe('what is remembered of decisions'),
};
