// What `scrape` counts.
import type { Instruments } from '../pipeline/contract.ts';

/** Why a scrape failed as a whole. */
export const FAILED_REASONS = [
  'connect',
  'timeout',
  'http_status',
  'redirect',
  'body_too_large',
  'compression',
  'content_type',
  'bad_utf8',
  'syntax',
  'truncated',
  'too_many_samples',
  'label_limit',
  'token_file',
  'internal',
] as const;
export type FailedReason = (typeof FAILED_REASONS)[number];

/** Why a sample of a scrape that succeeded was not taken. */
export const DROPPED_REASONS = [
  'relabel',
  'duplicate',
  'duplicate_label',
  'bad_value',
  'bad_histogram',
  'bad_summary',
  'not_newer',
  'in_future',
] as const;
export type DroppedReason = (typeof DROPPED_REASONS)[number];

/** What was missing of a histogram or summary that was taken all the same. */
export const MENDED = ['no_infinite_bucket', 'no_sum', 'no_count'] as const;
export type Mended = (typeof MENDED)[number];

export const scrapeInstruments = {
  points: { kind: 'counter', unit: '{point}', description: 'Data points passed on.' },
  points_saved: {
    kind: 'counter',
    unit: '{point}',
    description:
      'Data points held back, because they had not moved; the last of a series goes on before a reset and at the end.',
  },
  scrapes: {
    kind: 'counter',
    unit: '{scrape}',
    description: 'Scrapes that succeeded.',
    attributes: { job: 'config' },
  },
  failed: {
    kind: 'counter',
    unit: '{scrape}',
    description: 'Scrapes that failed as a whole.',
    attributes: { job: 'config', reason: FAILED_REASONS },
  },
  dropped: {
    kind: 'counter',
    unit: '{sample}',
    description: 'Samples, or whole histograms and summaries, that were left out of scrapes that succeeded.',
    attributes: { reason: DROPPED_REASONS },
  },
  mended: {
    kind: 'counter',
    unit: '{point}',
    description: 'Histograms and summaries that lacked a part and were taken all the same.',
    attributes: { missing: MENDED },
  },
  targets: { kind: 'gauge', unit: '{target}', description: 'Targets that are scraped.', attributes: { job: 'config' } },
  interval: {
    kind: 'gauge',
    unit: 's',
    description: 'Longest interval in force between two scrapes of a target.',
    attributes: { job: 'config' },
  },
  series: { kind: 'gauge', unit: '{series}', description: 'Series known of all targets.' },
  size: { kind: 'gauge', unit: 'By', description: 'Memory of series known of all targets.' },
} as const satisfies Instruments;
