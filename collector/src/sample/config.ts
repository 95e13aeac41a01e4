// Configuration of `sample`: which traces are kept, and how long to wait for their spans.
import { z } from 'zod';
import { limitFields } from './limits-config.ts';
import { derivedSize, duration } from '../config/fields.ts';
import { DEFAULT_AFTER_ROOT_SECONDS } from './defaults.ts';
import { ledgerFields } from './ledger-config.ts';
import { linkFields } from './links-config.ts';
import { checkMatchers, policies } from './policy-config.ts';
import { checkWaits, waits } from './waits-config.ts';

export const sampleConfig = z
  .strictObject({
    decision_wait: duration(
      '30s',
      'a trace is decided so long after its first span, also if it still grows: spans that come later follow the decision',
    ),
    after_root: duration(`${DEFAULT_AFTER_ROOT_SECONDS}s`, 'or so long after its root span, if that is sooner'),
    waits,
    policies,
    shadow: z
      .strictObject({ policies })
      .optional()
      .describe('policies asked beside those in force, without effect but counts of what they would keep or drop'),
    ...linkFields,
    ...limitFields,
    max_pending: derivedSize(
      'bytes of waiting spans, beyond which the oldest traces are decided early; three eighths of memory_limit',
    ),
    ...ledgerFields,
  })
  .superRefine(({ policies: inForce, shadow, waits: list }, context) => {
    checkWaits({ waits: list, policies: inForce }, context);
    const conditions = list.flatMap(({ when }) => when ?? []);
    if (shadow !== undefined || conditions.length > 0)
      checkMatchers(inForce, context, { conditions, shadow: shadow?.policies });
  })
  .prefault({});

export type SampleConfig = z.output<typeof sampleConfig>;
