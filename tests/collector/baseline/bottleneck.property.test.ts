import { describe, expect, it } from 'vitest';
import type { CauseKind } from '../../../collector/src/baseline/added-time.ts';
import { findBottleneck } from '../../../collector/src/baseline/bottleneck.ts';
import type { KeptTrace } from '../../../collector/src/baseline/trace-tree.ts';
import { traceOf } from '../../support/plain-traces.ts';
import {
  callOf,
  everyOperation,
  type Fault,
  randomOperation,
  type RandomOperation,
} from '../../support/random-services.ts';
import { oneOf, type Random, seeded } from '../../support/random.ts';

const TRACES = 15;
const RUNS = 30;
const ROOT = { service: 's0', name: 'op0', kind: 'server' };

/** Log-normal around 1, a standard deviation of 0.4. */
const varied = (random: Random) => (): number =>
  Math.exp(0.4 * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()));

/** Times of each service off by up to two seconds, but for the first. */
function skewed(trace: KeptTrace, offsets: Map<string, number>, random: Random): KeptTrace {
  const spans = trace.spans.map((span) => {
    const offsetMs = offsets.get(span.service) ?? (span.service === 's0' ? 0 : 4_000 * (random() - 0.5));
    offsets.set(span.service, offsetMs);
    return { ...span, startMs: span.startMs + offsetMs, endMs: span.endMs + offsetMs };
  });
  return { ...trace, spans };
}

/** Puts a fault that doubles the operation into random services. @returns how often operation and kind are named */
function found(kind: CauseKind, seed: number): number {
  const random = seeded(seed);
  let right = 0;
  for (let run = 0; run < RUNS; run++) {
    const root = randomOperation(random, 4);
    const below = everyOperation(root).slice(1);
    const calls = below.filter((each) => each.kind === 'client');
    const callers = everyOperation(root).filter((each) => each.kind !== 'client' && each.callees.length > 0);
    const candidates: Partial<Record<CauseKind, RandomOperation[]>> = {
      own_code: [root],
      slow_dependency: below,
      waiting: callers,
    };
    const at = oneOf(random, candidates[kind] ?? calls);
    if (kind === 'cache_loss') at.presence = 0.1;
    const offsets = new Map<string, number>();
    const tracesOf = (fault?: Fault): KeptTrace[] =>
      Array.from({ length: TRACES }, (_, i) =>
        skewed(traceOf(`${i}`, callOf(root, varied(random), random, fault)), offsets, random),
      );
    const before = tracesOf();
    const meanMs =
      before.reduce((sum, { spans: [first] }) => sum + (first === undefined ? 0 : first.endMs - first.startMs), 0) /
      TRACES;
    const eachMs = everyOperation(at).reduce((sum, { ownMs }) => sum + ownMs, 0);
    const during = tracesOf({ kind, at, addedMs: meanMs, times: Math.max(3, Math.ceil(1 + meanMs / eachMs)) });
    const { bottleneck } = findBottleneck({ operation: ROOT, kind: 'latency', before, during });
    if (bottleneck?.operation === `${at.service} ${at.name}` && bottleneck.kind === kind) right++;
  }
  return right;
}

describe('in services made at random, with clocks that differ', () => {
  const kinds: CauseKind[] = ['slow_dependency', 'own_code', 'repeated_calls', 'retries', 'errors', 'waiting'];
  for (const [i, kind] of kinds.entries()) {
    it(`finds ${kind.replace('_', ' ')} where it is`, () => {
      expect(found(kind, i + 1)).toBeGreaterThanOrEqual(0.9 * RUNS);
    });
  }

  it('finds the loss of a cache where the call it spared matters', () => {
    // The call that was spared may be short against the whole, and then there is nothing to be found.
    expect(found('cache_loss', 9)).toBeGreaterThanOrEqual(0.6 * RUNS);
  });
});
