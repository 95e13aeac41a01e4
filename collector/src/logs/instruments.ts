// What `logs` counts, in records: accepted = passed + dropped + held, at every moment.
import type { Instruments } from '../pipeline/contract.ts';

/**
 * Why a record passed. `unfit` are those that cannot be held and sent beside others: text that is not UTF-8, more than
 * 64 KiB around them, or one of more records or scopes than a request is split into.
 */
export const PASS_REASONS = [
  'severity',
  'no_trace',
  'unfit',
  'kept',
  'unseen',
  'max_held',
  'max_wait',
  'stop',
] as const;
export type PassReason = (typeof PASS_REASONS)[number];

export const logsInstruments = {
  records: { kind: 'counter', unit: '{record}', description: 'Log records accepted, where logs follow their trace.' },
  passed: {
    kind: 'counter',
    unit: '{record}',
    description: 'Log records let go to the exporters, by why they were not dropped or held any longer.',
    attributes: { reason: PASS_REASONS },
  },
  dropped: {
    kind: 'counter',
    unit: '{record}',
    description: 'Log records below WARN whose trace was dropped.',
    attributes: { reason: ['not_sampled'] },
  },
  held: { kind: 'gauge', unit: '{record}', description: 'Log records that wait for the decision on their trace.' },
  size: { kind: 'gauge', unit: 'By', description: 'Memory of held log records.' },
} as const satisfies Instruments;
