// What `scrape` counts.
import type { Instruments } from '../pipeline/contract.ts';

export const scrapeInstruments = {
  points: { kind: 'counter', unit: '{point}', description: 'Data points read.' },
} as const satisfies Instruments;
