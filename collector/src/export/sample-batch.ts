// Samples that leave in one request, with what they take while they wait.
import type { Parcel } from './delivery.ts';
import type { Sample } from './written-series.ts';

/** Of the objects of one sample and its place in a list; labels belong to the series and are held once. */
const SAMPLE_BYTES = 120;
const EXEMPLAR_BYTES = 400;
/** Of a native histogram without its buckets, and of each number of those. */
const HISTOGRAM_BYTES = 400;
const BUCKET_BYTES = 8;

/** A request is not made larger than this, because it is compressed in one go (docs/adr/023). */
const MAX_BYTES = 512 * 1024;

/** Grows while it is gathered and while it waits. */
export class SampleBatch implements Parcel {
  readonly unit = 'point';
  readonly samples: Sample[];
  /** Of points. */
  count: number;
  sizeBytes: number;

  /** @param samples belong to the batch */
  constructor(samples: Sample[], points: number) {
    this.samples = samples;
    this.count = points;
    this.sizeBytes = samples.reduce((sum, sample) => sum + sizeOf(sample), 0);
  }

  /** Whether there is room for all of another batch. */
  has({ samples, sizeBytes }: SampleBatch, maxSamples: number): boolean {
    return this.samples.length + samples.length <= maxSamples && this.sizeBytes + sizeBytes <= MAX_BYTES;
  }

  append({ samples, count, sizeBytes }: SampleBatch): void {
    for (const sample of samples) this.samples.push(sample);
    this.count += count;
    this.sizeBytes += sizeBytes;
  }
}

function sizeOf({ value, exemplars }: Sample): number {
  const buckets =
    typeof value === 'object'
      ? HISTOGRAM_BYTES + BUCKET_BYTES * (value.positive.counts.length + value.negative.counts.length)
      : 0;
  return SAMPLE_BYTES + buckets + EXEMPLAR_BYTES * exemplars.length;
}
