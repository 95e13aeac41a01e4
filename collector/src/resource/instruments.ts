// What `resources` counts of itself.
import type { Instruments } from '../pipeline/contract.ts';

export const RESOURCE_STATES = ['learning', 'normal', 'departed', 'saturated'] as const;

export const resourceInstruments = {
  series: {
    kind: 'gauge',
    unit: '{series}',
    description: 'Watched series by what is known of them.',
    attributes: { state: RESOURCE_STATES },
  },
  unwatched_points: {
    kind: 'counter',
    unit: '{data_point}',
    description:
      'Points of metrics to be watched that were not: max_series was reached, a further instance of a service was not known for certain yet, the time was far off, or the kind of point has no such value.',
    attributes: { reason: ['limit', 'instance', 'odd_time', 'kind'] },
  },
  saved_states: {
    kind: 'counter',
    unit: '{series}',
    description: 'Times that what is known of a series was written down, to be there after a restart.',
  },
  lost_states: {
    kind: 'counter',
    unit: '{series}',
    description: 'Series that were not read again after a restart; they are learned anew.',
    attributes: { reason: ['damaged', 'format', 'limit'] },
  },
} as const satisfies Instruments;
