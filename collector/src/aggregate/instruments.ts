// What `aggregate` counts, in data points: in = passed + absorbed + dropped + held.
import type { Instruments } from '../pipeline/contract.ts';

export const aggregateInstruments = {
  passed: { kind: 'counter', unit: '{point}', description: 'Data points that no rule asked for.' },
} as const satisfies Instruments;
