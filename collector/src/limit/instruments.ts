// What `limit` counts, in data points: in = passed + absorbed + dropped; what it makes itself is emitted.
import type { Instruments } from '../pipeline/contract.ts';

/**
 * Why a point was not counted anywhere. `state_full`: its stream's last value could not be kept, so its increment is not
 * known; `not_finite`: NaN or infinite, which would spoil the total of its target; `max_metrics`: no room for another
 * metric name, unit or kind; `invalid`: fewer or more bucket counts than bounds ask for.
 */
export const DROP_REASONS = ['state_full', 'not_finite', 'max_metrics', 'invalid'] as const;
export type DropReason = (typeof DROP_REASONS)[number];

export const limitInstruments = {
  passed: { kind: 'counter', unit: '{point}', description: 'Data points within the limits.' },
  absorbed: {
    kind: 'counter',
    unit: '{point}',
    description: 'Data points counted in templated, folded or overflow series instead of their own.',
  },
  dropped: {
    kind: 'counter',
    unit: '{point}',
    description: 'Data points that no series counts.',
    attributes: { reason: DROP_REASONS },
  },
  emitted: {
    kind: 'counter',
    unit: '{point}',
    description: 'Data points made for folded series: their totals, and the end of those that stood still.',
  },
  would_absorb: {
    kind: 'counter',
    unit: '{point}',
    description: 'Data points that dry_run passed and else were absorbed.',
  },
  would_drop: {
    kind: 'counter',
    unit: '{point}',
    description: 'Data points that dry_run passed and else were dropped.',
  },
  series: { kind: 'gauge', unit: '{series}', description: 'Series within the limits, targets of folds among them.' },
  budget: { kind: 'gauge', unit: '{series}', description: 'Series there may be, of all metrics together.' },
  folded_metrics: { kind: 'gauge', unit: '{metric}', description: 'Metrics of which something is folded now.' },
  folded_streams: {
    kind: 'gauge',
    unit: '{stream}',
    description: 'Cumulative streams without a series of their own whose last value is kept.',
  },
  frozen_series: { kind: 'gauge', unit: '{series}', description: 'Folded series that still show their last value.' },
  size: {
    kind: 'gauge',
    unit: 'By',
    description: 'Memory of last values, and of what is known of series, metrics and their attributes.',
  },
  memory: { kind: 'gauge', unit: 'By', description: 'Memory of last values.' },
  disk: { kind: 'gauge', unit: 'By', description: 'File of last values.' },
} as const satisfies Instruments;
