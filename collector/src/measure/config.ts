// Configuration of `measure`: which series the spans give.
import { z } from 'zod';
import { duration, whole } from '../config/fields.ts';
import { MAX_DIMENSIONS } from '../otlp/span-batch.ts';

/** Bounds of contrib's span metrics, so that existing dashboards keep their shape. */
const DEFAULT_BOUNDS = '2ms 4ms 6ms 8ms 10ms 50ms 100ms 200ms 400ms 800ms 1s 1400ms 2s 5s 10s 15s'.split(' ');

/** Labels every series has, as Prometheus writes them; `le` marks a bucket. */
const TAKEN_LABELS = [
  'service_name',
  'span_name',
  'span_kind',
  'status_code',
  'otel_metric_overflow',
  'sampling_estimated',
  'le',
];

/** Two labels of one name would make the whole page unreadable for Prometheus. */
function areFreeLabels(dimensions: readonly string[]): boolean {
  const labels = dimensions.map((name) => name.replace(/[^a-zA-Z0-9_]/g, '_'));
  const all = [...TAKEN_LABELS, ...labels];
  return new Set(all).size === all.length && !labels.some((label) => label.startsWith('__'));
}

export const measureConfig = z
  .strictObject({
    max_series: whole(
      4096,
      16,
      65_536,
      'series of span metrics; what comes later is counted in an overflow series a service',
    ),
    series_ttl: duration('1h', 'a series without a span for so long is forgotten and its place reused', {
      min: 1000,
      max: 366 * 86_400_000,
    }),
    histogram_bounds: z
      .array(duration('1s', 'upper bound of a bucket, inclusive'))
      .min(1)
      .max(64)
      .prefault(DEFAULT_BOUNDS)
      .refine((bounds) => bounds.every((bound, i) => i === 0 || bound > (bounds[i - 1] ?? 0)), 'must ascend')
      .describe('bounds of the duration histogram on the metrics page'),
    unit: z.enum(['s', 'ms']).default('s').describe('unit of the duration histogram'),
    dimensions: z
      .array(z.string().min(1).max(255))
      .max(MAX_DIMENSIONS)
      .default([])
      .refine(
        areFreeLabels,
        'must differ from each other, from the built-in labels and from le as Prometheus writes them',
      )
      .describe('span attributes that become labels beside service, name, kind and status'),
  })
  .prefault({});

export type MeasureConfig = z.output<typeof measureConfig>;
