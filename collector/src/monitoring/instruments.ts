// What `monitoring` counts.
import type { Instruments } from '../pipeline/contract.ts';
import { COMPONENTS } from './series-spec.ts';

/** Why something was left out: there is no such file, it may not be read, there are too many series, anything else. */
export const FAILURES = ['missing', 'forbidden', 'too_many_series', 'other'] as const;
export type Failure = (typeof FAILURES)[number];

const attributes = { component: COMPONENTS } as const;

export const monitoringInstruments = {
  points: { kind: 'counter', unit: '{point}', description: 'Data points of readings handed on.', attributes },
  points_saved: {
    kind: 'counter',
    unit: '{point}',
    description: 'Data points that reading and pushing everything every second would have made beyond those.',
    attributes,
  },
  readings: { kind: 'counter', unit: '{reading}', description: 'Times something was read.', attributes },
  cpu: { kind: 'counter', unit: 's', description: 'Time spent reading, without waiting.', attributes },
  cpu_saved: {
    kind: 'counter',
    unit: 's',
    description: 'Time that dear readings would have taken every second beyond that, by what they took.',
    attributes,
  },
  interval: {
    kind: 'gauge',
    unit: 's',
    description: 'Longest time between two readings of something of the component, as it stands.',
    attributes,
  },
  error_ratio: {
    kind: 'gauge',
    unit: '1',
    description:
      'Worst stated error of a series, relative as stability_threshold is: what 99 of 100 seconds are within, between two points.',
    attributes,
  },
  failures: {
    kind: 'counter',
    unit: '{failure}',
    description: 'Readings that began to fail; what fails is left out, and tried again ever more seldom.',
    attributes: { component: COMPONENTS, reason: FAILURES },
  },
} as const satisfies Instruments;
