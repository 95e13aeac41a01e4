// What `limit` counts, in data points: in = passed + absorbed.
import type { Instruments } from '../pipeline/contract.ts';

export const limitInstruments = {
  passed: { kind: 'counter', unit: '{point}', description: 'Data points within the limits.' },
} as const satisfies Instruments;
