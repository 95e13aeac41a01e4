// How many spans one span stands for by the sampling threshold in its own tracestate.
import { idRandomHigh, idRandomLow } from './trace-id.ts';
import { HAS_TRACE_STATE, type SpanBatch } from './span-batch.ts';
import { adjustedCount, isBelow, otState, readOtState } from './trace-state.ts';

/**
 * How many spans a head-sampled span stands for; 0 where its tracestate names no threshold, or one that the span's own
 * randomness is below, so that it should never have arrived.
 */
export function statedWeight(batch: SpanBatch, row: number): number {
  if ((batch.flags[row] & HAS_TRACE_STATE) === 0) return 0;
  readOtState(batch.source.bytes, batch.stateOffset[row], batch.stateLength[row]);
  if (!otState.hasThreshold) return 0;
  const { hasRandom, thresholdHigh, thresholdLow } = otState;
  const randomHigh = hasRandom ? otState.randomHigh : idRandomHigh(batch.trace2[row], batch.trace3[row]);
  const randomLow = hasRandom ? otState.randomLow : idRandomLow(batch.trace3[row]);
  return isBelow(randomHigh, randomLow, thresholdHigh, thresholdLow) ? 0 : adjustedCount(thresholdHigh, thresholdLow);
}
