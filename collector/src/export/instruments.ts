// What `export` counts. Per exporter, in spans: kept = delivered + rejected + failed + queued.
import { connectionInstruments } from '../pipeline/connection-cap.ts';
import type { Instruments } from '../pipeline/contract.ts';
import { readerInstruments } from '../pipeline/readers.ts';

const SIGNALS = ['metrics', 'logs'] as const;
export const FAILED_REASONS = ['queue_full', 'retries', 'stop', 'internal'] as const;

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
  points_taken: {
    kind: 'counter',
    unit: '{point}',
    description: 'Data points that came to the end of their way: what the rooms before passed on.',
  },
  dropped: {
    kind: 'counter',
    unit: '{request}',
    description: 'Metrics and logs requests that went nowhere.',
    attributes: { signal: SIGNALS, reason: ['no_exporter', 'failed'] },
  },
  ...connectionInstruments(['export.prometheus']),
  ...readerInstruments(['export.prometheus']),
} as const satisfies Instruments;
