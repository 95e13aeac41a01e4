// Forced keeps: threshold 0, whatever the randomness.
import { KEEP_ALL } from '../otlp/trace-state.ts';
import type { Policy } from './sampler.ts';

/** Keeps a trace with an error span. */
export function status(config: { name: string }): Policy {
  return { name: config.name, evaluate: (facts) => (facts.hasError ? KEEP_ALL : undefined) };
}

/** Keeps a trace whose entry span takes longer than `over` milliseconds. */
export function latency(config: { name: string; over: number }): Policy {
  return { name: config.name, evaluate: (facts) => (facts.longestEntryMs > config.over ? KEEP_ALL : undefined) };
}
