// Keeps traces with an entry span that is slow for its own operation: judged when it comes, by what came minutes before.
import { ENTRY, type SpanBatch } from '../otlp/span-batch.ts';
import { KEEP_ALL } from '../otlp/trace-state.ts';
import type { SpanMatcher } from './facts.ts';
import { OperationTable } from './operation-table.ts';
import type { Policy, PolicyContext } from './sampler.ts';
import { SlowLimit, type SlowLimitOptions, WINDOW_MS } from './slow-limit.ts';

export interface RelativeLatencyConfig {
  readonly name: string;
  readonly times: number;
  /** Milliseconds. */
  readonly excess: number;
  readonly max_share: number;
  readonly min_samples: number;
}

/** Operations judged by their own durations; the rest is judged together. */
const MAX_OPERATIONS = 4096;
/** Windows without a span after which an operation is forgotten: an hour. */
const FORGOTTEN_AFTER = 3_600_000 / WINDOW_MS;
/** After a longer time without any span, windows are not made up for: everything waiting was learned. */
const MOST_TURNS = 4;

/** Keeps a trace whose entry span takes longer than max(p99 × times, p99 + excess) of its operation. */
export function relativeLatency(config: RelativeLatencyConfig, { matcher, random }: PolicyContext): Policy {
  const { name, times, excess: excessMs, max_share: maxShare, min_samples: minSamples } = config;
  const slow = new SlowSpans({ times, excessMs, maxShare, minSamples }, Math.floor(random() * 2 ** 32));
  const bit = matcher(slow);
  return {
    name,
    class: 'forced',
    evaluate: (facts) => ((facts.matched & bit) === 0 ? undefined : KEEP_ALL),
    overflowed: () => slow.overflowed,
  };
}

interface Learner {
  readonly limit: SlowLimit;
  idleWindows: number;
}

class SlowSpans implements SpanMatcher {
  readonly #operations: OperationTable<Learner>;
  #windowEndMs = -1;

  constructor(options: SlowLimitOptions, seed: number) {
    this.#operations = new OperationTable(MAX_OPERATIONS, seed, () => ({
      limit: new SlowLimit(options),
      idleWindows: 0,
    }));
  }

  get overflowed(): number {
    return this.#operations.overflowed;
  }

  matches(batch: SpanBatch, row: number, nowMs: number): boolean {
    if ((batch.flags[row] & ENTRY) === 0) return false;
    if (nowMs >= this.#windowEndMs) this.#turn(nowMs);
    const context = batch.contexts[batch.context[row]];
    const { limit } = this.#operations.of(context, batch.source.bytes, batch.nameOffset[row], batch.nameLength[row]);
    return limit.isSlow(batch.durationMs(row));
  }

  #turn(nowMs: number): void {
    if (this.#windowEndMs >= 0) {
      const over = 1 + Math.floor((nowMs - this.#windowEndMs) / WINDOW_MS);
      for (let i = 0; i < Math.min(over, MOST_TURNS); i++) this.#operations.sweep(turned);
    }
    this.#windowEndMs = (Math.floor(nowMs / WINDOW_MS) + 1) * WINDOW_MS;
  }
}

function turned(learner: Learner): boolean {
  learner.idleWindows = learner.limit.turn() ? 0 : learner.idleWindows + 1;
  return learner.idleWindows < FORGOTTEN_AFTER;
}
