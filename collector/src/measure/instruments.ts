// What `measure` tells of itself.
import type { Instruments } from '../pipeline/contract.ts';
import type { OddTimes } from './odd-times.ts';

/** What may be odd about the times of a span. */
export const ODD_TIMES = ['zero', 'end_before_start', 'future'] as const satisfies readonly (keyof OddTimes)[];

export const measureInstruments = {
  spans: { kind: 'counter', unit: '{span}', description: 'Spans counted in span metrics.' },
  overflow_spans: {
    kind: 'counter',
    unit: '{span}',
    description: 'Spans counted in an overflow series because max_series was reached.',
  },
  odd_times: {
    kind: 'counter',
    unit: '{span}',
    description: 'Spans whose times cannot be right; they are kept and measured.',
    attributes: { problem: ODD_TIMES },
  },
  series: { kind: 'gauge', unit: '{series}', description: 'Series of span metrics in memory.' },
  service_counted: {
    kind: 'gauge',
    unit: '{operation}',
    description: 'Operations whose service counts its spans itself; their series are its own.',
  },
  size: { kind: 'gauge', unit: 'By', description: 'Memory of span metrics.' },
} as const satisfies Instruments;
