// What `export` counts. Per exporter, in spans: kept = delivered + rejected + failed + queued.
import { connectionInstruments } from '../pipeline/connection-cap.ts';
import type { Instruments } from '../pipeline/contract.ts';
import { readerInstruments } from '../pipeline/readers.ts';

const SIGNALS = ['metrics', 'logs'] as const;
export const FAILED_REASONS = ['queue_full', 'retries', 'stop', 'internal'] as const;
/** Why a data point is not exposed: no room, or older than what was exposed. */
export const LEFT_OUT_REASONS = ['max_series', 'out_of_order'] as const;
/** What became of an exemplar that came in: shown, or by why it was not; the states of traces by their names. */
export const EXEMPLAR_OUTCOMES = ['kept', 'dropped', 'pending', 'unseen', 'older', 'no_room', 'off'] as const;
export type ExemplarOutcome = (typeof EXEMPLAR_OUTCOMES)[number];

export const exportInstruments = {
  delivered: {
    kind: 'counter',
    unit: '{span}',
    description: 'Spans a receiver took.',
    attributes: { exporter: 'config' },
  },
  rejected: {
    kind: 'counter',
    unit: '{span}',
    description: 'Spans a receiver refused for good.',
    attributes: { exporter: 'config' },
  },
  failed: {
    kind: 'counter',
    unit: '{span}',
    description: 'Spans given up: the queue was full, retries ended, or the process stopped.',
    attributes: { exporter: 'config', reason: FAILED_REASONS },
  },
  queued: {
    kind: 'gauge',
    unit: '{span}',
    description: 'Spans waiting for delivery.',
    attributes: { exporter: 'config' },
  },
  queue_size: {
    kind: 'gauge',
    unit: 'By',
    description: 'Bytes waiting for delivery.',
    attributes: { exporter: 'config' },
  },
  requests: {
    kind: 'counter',
    unit: '{request}',
    description: 'Attempts of delivery, by how they ended.',
    attributes: { exporter: 'config', outcome: 'config' },
  },
  forwarded: {
    kind: 'counter',
    unit: '{request}',
    description: 'Metrics and logs requests a receiver took, passed on unchanged.',
    attributes: { signal: SIGNALS },
  },
  dropped: {
    kind: 'counter',
    unit: '{request}',
    description: 'Metrics and logs requests that went nowhere.',
    attributes: { signal: SIGNALS, reason: ['no_exporter', 'failed'] },
  },
  points_left_out: {
    kind: 'counter',
    unit: '{data_point}',
    description: "Data points that are not shown on the metrics page, nor pushed in Prometheus' way.",
    attributes: { reason: LEFT_OUT_REASONS },
  },
  exemplars: {
    kind: 'counter',
    unit: '{exemplar}',
    description:
      'Exemplars that came in and are held to their trace: shown because it was kept, or given up because it was dropped, still pending or unseen after the wait, older than the last one shown, without room, or off.',
    attributes: { outcome: EXEMPLAR_OUTCOMES },
  },
  exemplars_held: {
    kind: 'gauge',
    unit: '{exemplar}',
    description: 'Exemplars that are shown or wait for the decision on their trace.',
  },
  conflicts: {
    kind: 'gauge',
    unit: '{metric}',
    description: 'Metrics that are not on the metrics page because one of another kind has their name there.',
  },
  series: { kind: 'gauge', unit: '{series}', description: 'Series that came in and are shown on the metrics page.' },
  ...connectionInstruments(['export.prometheus']),
  ...readerInstruments(['export.prometheus']),
} as const satisfies Instruments;
