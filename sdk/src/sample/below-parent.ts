// A sampler that is asked about spans whose parent was decided on elsewhere. What is kept then was kept twice, so the
// threshold to tell is the higher one of both; where the parent's is not known there is none to tell.
import { type Context, TraceFlags } from '@opentelemetry/api';
import type { Sampler, SamplingResult } from '@opentelemetry/sdk-trace';
import { parentOf } from './composable.ts';
import { DECISION } from './consistent-probability.ts';
import { readOtState, withThreshold } from './ot-state.ts';
import { randomnessOf } from './threshold.ts';

/** Decides as `sampler` does, and tells a threshold only where parent and `sampler` both have one. */
export function createBelowParentSampler(sampler: Sampler): Sampler {
  return {
    shouldSample(context, traceId, ...span) {
      const result = sampler.shouldSample(context, traceId, ...span);
      return result.decision === DECISION.recordAndSample ? corrected(result, context, traceId) : result;
    },
    toString: () => sampler.toString(),
  };
}

function corrected(result: SamplingResult, context: Context, traceId: string): SamplingResult {
  const parent = parentOf(context);
  const before = parent?.traceState;
  const state = result.traceState ?? before;
  const own = readOtState(state).threshold;
  if (own === undefined) return result;
  const { threshold, random = randomnessOf(traceId) } = readOtState(before);
  // A parent whose randomness is below its threshold, or that was dropped and left it there, was not kept at it.
  const isSampled = ((parent?.traceFlags ?? 0) & TraceFlags.SAMPLED) !== 0;
  const isKnown = isSampled && threshold !== undefined && random >= threshold;
  const told = isKnown && threshold > own ? threshold : own;
  const traceState = withThreshold(state, isKnown ? told : undefined);
  return traceState === undefined ? result : { ...result, traceState };
}
