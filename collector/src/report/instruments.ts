// Own metrics of `report`.
import type { Instruments } from '../pipeline/contract.ts';

export const reportInstruments = {
  operations: {
    kind: 'gauge',
    unit: '{operation}',
    description: 'Operations of today with a row of their own in reports; as many as report.max_operations at most.',
  },
  size: { kind: 'gauge', unit: 'By', description: 'Bytes of what is gathered for the reports of today.' },
  saves: {
    kind: 'counter',
    unit: '{document}',
    description: 'Times the day was written down, or could not be.',
    attributes: { result: ['done', 'failed'] },
  },
  mails: {
    kind: 'counter',
    unit: '{report}',
    description: 'Reports by mail: taken by the server, refused, or given up.',
    attributes: { result: ['delivered', 'refused', 'given_up'] },
  },
} as const satisfies Instruments;
