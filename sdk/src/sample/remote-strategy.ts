// Jaeger's answer to the question how much to sample, as a part of a sampler. Pure: what comes is checked, never trusted.
// @see jaeger-idl, proto/api_v2/sampling.proto
import { composableProbability, type ComposableSampler } from './composable.ts';
import { composableRateLimited } from './rate-limited.ts';

/** Operations with a ratio of their own; of more the first count. As many as a sidecar hands out unless configured otherwise. */
const MAX_OPERATIONS = 2000;

/**
 * Makes a sampler of an answer. It is for spans without a parent.
 *
 * A lower bound a second is not kept: who lets a trace pass whatever its randomness cannot say how probable it was.
 *
 * @param ratio until a limit knows how much there is
 * @returns undefined where the answer says nothing that can be followed
 */
export function strategyOf(answer: unknown, ratio: number, nowMs: () => number): ComposableSampler | undefined {
  const { operationSampling, probabilisticSampling, rateLimitingSampling } = record(answer);
  const byOperation = operationSampling === undefined ? undefined : perOperation(record(operationSampling));
  if (byOperation !== undefined) return byOperation;
  // What kind it is follows from what is there: the field for it is absent where it has its first value.
  const samplingRate = ratioOf(record(probabilisticSampling)['samplingRate']);
  if (samplingRate !== undefined) return composableProbability(samplingRate);
  const { maxTracesPerSecond } = record(rateLimitingSampling);
  if (typeof maxTracesPerSecond !== 'number' || !(maxTracesPerSecond >= 0)) return undefined;
  return composableRateLimited({ tracesPerSecond: maxTracesPerSecond, firstRatio: ratio }, nowMs);
}

function perOperation(strategies: Record<string, unknown>): ComposableSampler | undefined {
  const { defaultSamplingProbability, perOperationStrategies } = strategies;
  const defaultRatio = ratioOf(defaultSamplingProbability);
  if (defaultRatio === undefined) return undefined;
  const operations = new Map<string, ComposableSampler>();
  const listed = Array.isArray(perOperationStrategies) ? perOperationStrategies.slice(0, MAX_OPERATIONS) : [];
  for (const each of listed) {
    const { operation, probabilisticSampling } = record(each);
    const ratio = ratioOf(record(probabilisticSampling)['samplingRate']);
    if (typeof operation === 'string' && ratio !== undefined) operations.set(operation, composableProbability(ratio));
  }
  const others = composableProbability(defaultRatio);
  return {
    intentOf: (span) => (operations.get(span.name) ?? others).intentOf(span),
    description: `PerOperation{${operations.size},${others.description}}`,
  };
}

function ratioOf(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 && value <= 1 ? value : undefined;
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
