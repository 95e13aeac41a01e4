// Keeps a share of all traces, decided from their randomness alone, so that every sidecar with this ratio agrees.
import { thresholdOf } from '../otlp/trace-state.ts';
import type { Policy } from './sampler.ts';

export function probabilistic(config: { name: string; ratio: number }): Policy {
  const threshold = thresholdOf(config.ratio);
  return { name: config.name, class: 'rest', evaluate: () => threshold };
}
