// What `remote_sampling` tells of itself.
import type { Instruments } from '../pipeline/contract.ts';

export const remoteSamplingInstruments = {
  requests: {
    kind: 'counter',
    unit: '{request}',
    description: 'Services that asked how much to sample.',
    attributes: { answer: ['strategy', 'not_listed'] },
  },
  overflow_spans: {
    kind: 'counter',
    unit: '{span}',
    description:
      'Root spans of adaptive services whose operation has no ratio of its own: max_operations, or a name too long.',
  },
  operations: { kind: 'gauge', unit: '{operation}', description: 'Operations with a ratio of their own.' },
} as const satisfies Instruments;
