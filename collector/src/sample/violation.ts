// Keeps more of an operation that has left its baseline, for as long as it does, and less and less after.
import { thresholdOf } from '../otlp/trace-state.ts';
import { MAX_KEYS } from './key-limit.ts';
import type { Policy, PolicyContext } from './sampler.ts';

/** Below this share it is as if it had never been. */
const LEAST_RATIO = 0.01;

export interface ViolationPolicyConfig {
  readonly name: string;
  readonly ratio: number;
  /** Milliseconds in which the share halves once it is over. */
  readonly decay: number;
}

/** The threshold follows from what was known before the trace; it changes with time, never with its randomness. */
export function violation({ name, ratio, decay }: ViolationPolicyConfig, { keys }: PolicyContext): Policy {
  const key = keys.of(['service', 'operation']);
  /** When the violation of an operation was over; Infinity while it is open. */
  const overMs = new Map<string, number>();
  let overflowed = 0;
  return {
    name,
    class: 'rest',
    evaluate(facts) {
      if (overMs.size === 0) return undefined;
      const operation = key.of(facts);
      const until = overMs.get(operation);
      if (until === undefined) return undefined;
      const left = until === Infinity ? ratio : ratio * 0.5 ** ((facts.nowMs - until) / decay);
      if (left >= LEAST_RATIO) return thresholdOf(left);
      overMs.delete(operation);
      return undefined;
    },
    violated(operation, isOpen, nowMs) {
      if (overMs.size >= MAX_KEYS && !overMs.has(operation)) overflowed++;
      else if (isOpen) overMs.set(operation, Infinity);
      else if (overMs.get(operation) === Infinity) overMs.set(operation, nowMs);
    },
    overflowed: () => overflowed,
  };
}
