// What `aggregate` counts, in data points: in = passed + absorbed + dropped + held, at every moment.
import type { Instruments } from '../pipeline/contract.ts';

/**
 * Why a point was dropped. `late`: its window was closed, or its stream was counted beyond it; of a cumulative stream
 * nothing is lost, because the next point covers it. `duplicate`: its stream had a point of the same time. `future`: its
 * time is beyond the next ten minutes, or window. `bounds`: a histogram whose bounds differ from its group's. `replica`:
 * another replica counted. `not_finite`: its value is no number that can be added.
 */
export const DROP_REASONS = ['late', 'duplicate', 'future', 'bounds', 'replica', 'not_finite'] as const;
export type DropReason = (typeof DROP_REASONS)[number];

export const aggregateInstruments = {
  passed: {
    kind: 'counter',
    unit: '{point}',
    description: 'Data points handed on as they came: no rule took them, or the rule keeps its input.',
  },
  absorbed: { kind: 'counter', unit: '{point}', description: 'Data points that went into windows or were converted.' },
  dropped: {
    kind: 'counter',
    unit: '{point}',
    description: 'Data points that count in no window, by why.',
    attributes: { reason: DROP_REASONS },
  },
  held: { kind: 'gauge', unit: '{point}', description: 'Data points of windows that are still open.' },
  emitted: { kind: 'counter', unit: '{point}', description: 'Data points made from windows and by conversion.' },
  unfit: {
    kind: 'counter',
    unit: '{point}',
    description: 'Passed data points of kinds for which none of the outputs of their rule has a meaning.',
  },
  overflow: {
    kind: 'counter',
    unit: '{point}',
    description: 'Passed data points of streams beyond max_series.',
  },
  size: { kind: 'gauge', unit: 'By', description: 'Memory of streams, groups and the points they hold.' },
  series: { kind: 'gauge', unit: '{series}', description: 'Streams and groups remembered, against max_series.' },
} as const satisfies Instruments;
