// How many spans one head-sampled span stands for.
import type { SpanBatch } from '../otlp/span-batch.ts';
import { idRandomHigh, idRandomLow } from '../otlp/trace-id.ts';
import { adjustedCount, isBelow, otState, readOtState } from '../otlp/trace-state.ts';

/**
 * How many spans a head-sampled span stands for; 1 where its tracestate names no threshold, or one that the span's own
 * randomness is below, so that it should never have arrived.
 */
export function weightOf(batch: SpanBatch, row: number): number {
  readOtState(batch.source.bytes, batch.stateOffset[row], batch.stateLength[row]);
  if (!otState.hasThreshold) return 1;
  const { hasRandom, thresholdHigh, thresholdLow } = otState;
  const randomHigh = hasRandom ? otState.randomHigh : idRandomHigh(batch.trace2[row], batch.trace3[row]);
  const randomLow = hasRandom ? otState.randomLow : idRandomLow(batch.trace3[row]);
  return isBelow(randomHigh, randomLow, thresholdHigh, thresholdLow) ? 1 : adjustedCount(thresholdHigh, thresholdLow);
}
