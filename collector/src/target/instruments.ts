// What `target` counts of itself.
import type { Instruments } from '../pipeline/contract.ts';
import { SEVERITIES } from './defaults.ts';

export const targetInstruments = {
  subjects: {
    kind: 'gauge',
    unit: '{subject}',
    description:
      'Operations and series that are judged, by whether they meet their target; unknown have had too little to judge.',
    attributes: { state: ['met', 'missed', 'unknown'] },
  },
  misses: {
    kind: 'counter',
    unit: '{miss}',
    description: 'Misses that were said, by target and the severity they began with.',
    attributes: { target: 'config', severity: SEVERITIES },
  },
  unjudged: {
    kind: 'counter',
    unit: '{reading}',
    description:
      'Data points that were not judged, and operations each ten seconds that they were not: max_subjects was reached, a subject has too many series, or the statistic does not suit the kind of metric.',
    attributes: { reason: ['max_subjects', 'too_many_series', 'unsuited'] },
  },
} as const satisfies Instruments;
