// What `baseline` counts of itself.
import type { Instruments } from '../pipeline/contract.ts';

export const SEVERITIES = ['info', 'warning', 'critical', 'emergency'] as const;
export const KINDS = ['latency', 'error', 'throughput', 'hang', 'resource', 'target', 'data_loss'] as const;

export const baselineInstruments = {
  operations: {
    kind: 'gauge',
    unit: '{operation}',
    description: 'Operations by how much is known of them.',
    attributes: { state: ['learning', 'provisional', 'learned'] },
  },
  unwatched_spans: {
    kind: 'counter',
    unit: '{span}',
    description: 'Spans of operations that are not watched because max_operations was reached.',
  },
  late_spans: {
    kind: 'counter',
    unit: '{span}',
    description: 'Spans that came after their second was closed; they count in span metrics, not in baselines.',
  },
  saved_states: {
    kind: 'counter',
    unit: '{operation}',
    description: 'Times that what is known of an operation was written down, to be there after a restart.',
  },
  lost_states: {
    kind: 'counter',
    unit: '{operation}',
    description: 'Operations and groups of violations that were not read again after a restart; they are learned anew.',
    attributes: { reason: ['damaged', 'format', 'limit'] },
  },
  step_delay: {
    kind: 'gauge',
    unit: 's',
    description: 'How long after its end a second is closed, the most of all services.',
  },
  violations: {
    kind: 'counter',
    unit: '{violation}',
    description: 'Violations by kind and by the severity they began with.',
    attributes: { kind: KINDS, severity: SEVERITIES },
  },
  withheld_changes: {
    kind: 'counter',
    unit: '{change}',
    description: 'Changes of operations that were not told of because they are smaller than min_change.',
    attributes: { kind: ['latency', 'error'] },
  },
  open_violations: {
    kind: 'gauge',
    unit: '{violation}',
    description: 'Violations that are open, by severity.',
    attributes: { severity: SEVERITIES },
  },
} as const satisfies Instruments;
