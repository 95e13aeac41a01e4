// Own metrics of `store`.
import type { Instruments } from '../pipeline/contract.ts';

export const storeInstruments = {
  dropped: {
    kind: 'counter',
    unit: '{trace}',
    description: 'Kept traces left out of the ring; exporters got them all the same.',
    attributes: { reason: ['queue_full', 'too_large', 'failed'] },
  },
  traces: { kind: 'gauge', unit: '{trace}', description: 'Traces in the ring.' },
  size: { kind: 'gauge', unit: 'By', description: 'Bytes of traces in the ring.' },
  decisions: { kind: 'gauge', unit: '{trace}', description: 'Decisions on disk, older than those in memory.' },
  decisions_size: { kind: 'gauge', unit: 'By', description: 'Bytes of decisions on disk.' },
  decisions_dropped: {
    kind: 'counter',
    unit: '{trace}',
    description: 'Decisions that memory gave up and that did not get to disk.',
    attributes: { reason: ['queue_full', 'failed'] },
  },
  removed: {
    kind: 'counter',
    unit: '{trace}',
    description: 'Traces of the ring, and decisions on disk, that went because they were too old or there was no room.',
    attributes: { data: ['traces', 'decisions'] },
  },
  removed_size: {
    kind: 'counter',
    unit: 'By',
    description: 'Bytes of those.',
    attributes: { data: ['traces', 'decisions'] },
  },
  cleanup_failures: {
    kind: 'counter',
    unit: '{cleanup}',
    description: 'Times traces that are too old could not be removed.',
  },
  overdue: {
    kind: 'gauge',
    unit: '{trace}',
    description: 'Traces of the ring that are too old and still there, as after a cleanup that failed.',
  },
  state_dropped: {
    kind: 'counter',
    unit: '{document}',
    description: 'Documents of what was learned that were not stored; they are stored later, as they are then.',
    attributes: { reason: ['queue_full', 'failed'] },
  },
  state_size: { kind: 'gauge', unit: 'By', description: 'Bytes on disk of what was learned, without its log.' },
  state_removed: {
    kind: 'counter',
    unit: '{document}',
    description: 'Documents of what was learned that were removed because they are too old, or of no use any more.',
  },
  queue_size: { kind: 'gauge', unit: 'By', description: 'Bytes on their way to the ring.' },
} as const satisfies Instruments;
