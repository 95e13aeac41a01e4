// How many spans one span counts for.
import type { SpanBatch } from '../otlp/span-batch.ts';
import { statedWeight } from '../otlp/stated-weight.ts';

/** What the span's threshold says, and 1 where it says nothing that can be believed: nothing is guessed. */
export function weightOf(batch: SpanBatch, row: number): number {
  return statedWeight(batch, row) || 1;
}
