// What the sidecar counts of itself as a whole, beside its rooms.
import type { Instruments } from './contract.ts';

export const collectorInstruments = {
  memory_limit: {
    kind: 'gauge',
    unit: 'By',
    description: 'What memory_limit is: the memory that all rooms share out.',
  },
} as const satisfies Instruments;
