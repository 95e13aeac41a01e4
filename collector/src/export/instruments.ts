// What `export` counts. Per exporter, in spans: kept = delivered + rejected + failed + queued. In data points:
// points_pushed = points_delivered + points_rejected + points_failed + points_queued.
import { connectionInstruments } from '../pipeline/connection-cap.ts';
import type { Instruments } from '../pipeline/contract.ts';
import { readerInstruments } from '../pipeline/readers.ts';

export const FAILED_REASONS = ['queue_full', 'retries', 'stop', 'internal'] as const;
/**
 * `unsupported`: the receiver takes no metrics. `not_newer`: a later point of the series was pushed already.
 * `label_conflict`: another source counts under the same labels.
 */
export const POINT_FAILED_REASONS = [...FAILED_REASONS, 'unsupported', 'not_newer', 'label_conflict'] as const;
export type FailedReason = (typeof POINT_FAILED_REASONS)[number];

/** Why a remote write receiver refused points, as far as its answer tells. */
export const REFUSAL_REASONS = ['out_of_order', 'too_old', 'duplicate', 'limit', 'other'] as const;
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

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
  points_pushed: {
    kind: 'counter',
    unit: '{point}',
    description: 'Data points handed to an exporter.',
    attributes: { exporter: 'config' },
  },
  points_delivered: {
    kind: 'counter',
    unit: '{point}',
    description: 'Data points a receiver took.',
    attributes: { exporter: 'config' },
  },
  points_rejected: {
    kind: 'counter',
    unit: '{point}',
    description: 'Data points a receiver refused for good.',
    attributes: { exporter: 'config' },
  },
  points_failed: {
    kind: 'counter',
    unit: '{point}',
    description:
      'Data points given up: the queue was full, retries ended, the process stopped, the receiver takes no metrics, a later one of the series was pushed already, or another source counts under the same labels.',
    attributes: { exporter: 'config', reason: POINT_FAILED_REASONS },
  },
  points_queued: {
    kind: 'gauge',
    unit: '{point}',
    description: 'Data points waiting for delivery.',
    attributes: { exporter: 'config' },
  },
  samples_sent: {
    kind: 'counter',
    unit: '{sample}',
    description: 'Samples in remote write requests that a receiver answered for good, by what it made of them.',
    attributes: { exporter: 'config', outcome: ['taken', 'refused'] },
  },
  refusals: {
    kind: 'counter',
    unit: '{request}',
    description: 'Remote write requests of which a receiver refused samples for good, by the reason it gave.',
    attributes: { exporter: 'config', reason: REFUSAL_REASONS },
  },
  queue_size: {
    kind: 'gauge',
    unit: 'By',
    description: 'Bytes waiting for delivery.',
    attributes: { exporter: 'config' },
  },
  queue_limit: {
    kind: 'gauge',
    unit: 'By',
    description: 'Bytes that may wait for delivery.',
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
    description: 'Requests of logs a receiver took.',
    attributes: { signal: ['logs'] },
  },
  points_taken: {
    kind: 'counter',
    unit: '{point}',
    description: 'Data points that came to the end of their way: what the rooms before passed on.',
  },
  dropped: {
    kind: 'counter',
    unit: '{request}',
    description: 'Requests of logs that went nowhere.',
    attributes: { signal: ['logs'], reason: ['no_exporter', 'failed', 'unsupported'] },
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
  series_size: { kind: 'gauge', unit: 'By', description: 'Memory of series that came in and of their newest points.' },
  written_size: {
    kind: 'gauge',
    unit: 'By',
    description: 'Memory of what is known of series that were pushed by remote write.',
    attributes: { exporter: 'config' },
  },
  ...connectionInstruments(['export.prometheus']),
  ...readerInstruments(['export.prometheus']),
} as const satisfies Instruments;
