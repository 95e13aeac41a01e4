// Configuration of `sample`: which traces are kept, and how long to wait for their spans.
import { z } from 'zod';
import { limitFields } from './limits-config.ts';
import { derivedSize, duration } from '../config/fields.ts';
import { ledgerFields } from './ledger-config.ts';
import { checkMatchers, policies } from './policy-config.ts';

export const sampleConfig = z
  .strictObject({
    decision_wait: duration('30s', 'a trace is decided so long after its first span'),
    after_root: duration('6s', 'or so long after its root span, if that is sooner'),
    policies,
    shadow: z
      .strictObject({ policies })
      .optional()
      .describe('policies asked beside those in force, without effect but counts of what they would keep or drop'),
    ...limitFields,
    max_pending: derivedSize(
      'bytes of waiting spans, beyond which the oldest traces are decided early; three eighths of memory_limit',
    ),
    ...ledgerFields,
  })
  .superRefine(({ policies: inForce, shadow }, context) => {
    if (shadow !== undefined) checkMatchers([...inForce, ...shadow.policies], context);
  })
  .prefault({});

export type SampleConfig = z.output<typeof sampleConfig>;
