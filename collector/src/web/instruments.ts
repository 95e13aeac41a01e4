// What `web` counts.
import { connectionInstruments } from '../pipeline/connection-cap.ts';
import type { Instruments } from '../pipeline/contract.ts';
import { readerInstruments } from '../pipeline/readers.ts';

export const webInstruments = {
  ...connectionInstruments(['web']),
  ...readerInstruments(['web']),
} as const satisfies Instruments;
