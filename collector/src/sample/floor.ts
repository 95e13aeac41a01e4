// Keeps every kind of traffic visible: the first traces of each key in each window are kept for certain.
// Whether they are is known before their randomness is looked at. A floor that only filled in where chance had kept
// nothing would keep more of the unlucky, and so bend every estimate.
import { KEEP_ALL } from '../otlp/trace-state.ts';
import { MAX_KEYS, OVERFLOW_KEY } from './key-limit.ts';
import type { Policy, PolicyContext } from './sampler.ts';
import type { KeyPart, TraceKey } from './trace-key.ts';

const MINUTE_MS = 60_000;

export interface FloorConfig {
  readonly name: string;
  readonly key: readonly KeyPart[];
  readonly traces: number;
}

/** Keeps the first `traces` of each key in each minute; those another policy forces count. */
export function floor({ name, key, traces }: FloorConfig, { keys }: PolicyContext): Policy {
  return floorOf(name, keys.of(key), traces, MINUTE_MS);
}

export interface NewPathConfig {
  readonly name: string;
  readonly traces: number;
  /** Milliseconds. */
  readonly within: number;
}

/** Keeps the first `traces` of each path shape in each window of `within`: new and rare ones whole. */
export function newPath({ name, traces, within }: NewPathConfig, { keys }: PolicyContext): Policy {
  return floorOf(name, keys.of(['path']), traces, within);
}

/** Windows follow one another without a gap, so that each one with a trace of a key has one that is kept. */
function floorOf(name: string, key: TraceKey, traces: number, windowMs: number): Policy {
  const seen = new Map<string, number>();
  let window = -1;
  let overflowed = 0;
  const turn = (nowMs: number): void => {
    const at = Math.floor(nowMs / windowMs);
    if (at !== window) seen.clear();
    window = at;
  };
  const place = (wanted: string): string => (seen.size < MAX_KEYS || seen.has(wanted) ? wanted : OVERFLOW_KEY);
  return {
    name,
    class: 'floor',
    evaluate(facts) {
      turn(facts.nowMs);
      return (seen.get(place(key.of(facts))) ?? 0) < traces ? KEEP_ALL : undefined;
    },
    // While the floor is not reached every trace of the key has threshold 0, be it by this policy or by one that forces
    // it; only one that is dropped is no use.
    observe(facts, { drops }) {
      if (drops) return;
      turn(facts.nowMs);
      const at = place(key.of(facts));
      if (at === OVERFLOW_KEY) overflowed++;
      const count = seen.get(at) ?? 0;
      if (count < traces) seen.set(at, count + 1);
    },
    overflowed: () => overflowed,
  };
}
