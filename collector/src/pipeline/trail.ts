// Exports that come back: by a DNS name, an address translated on the way, another sidecar that sends here. Each
// request of our exporters says which sidecars its spans may have passed, as `Via` does for proxies.
import type { Exportable } from '../sample/contract.ts';
import type { Clock } from './contract.ts';

/** Marks of this sidecar and of those whose requests came in here, joined by commas. */
export const TRAIL_HEADER = 'x-evenkeel-trail';

/** Sidecars before this one that are named for a signal, so that the header stays below 300 bytes. */
const MAX_MARKS = 16;

/** Longer than a trace usually waits here and its delivery is tried; a loop names its sidecars again with each round. */
const NAMED_FOR_MS = 15 * 60_000;

const MARK = /^[0-9a-f]{16}$/;

/** What a request says of where its content has been: here, elsewhere, or in more places than can be told on. */
export type Origin = 'here' | 'elsewhere' | 'untold';

type Signal = Exportable['signal'] | 'metrics';

/**
 * Knows one sidecar's mark and, for a time, the marks of those before it. By signal, because none becomes another here:
 * two sidecars may send each other what the other does not send back.
 */
export class Trail {
  readonly #own: string;
  readonly #clock: Clock;
  /** Monotonic time each was last met. */
  readonly #before: Readonly<Record<Signal, Map<string, number>>> = {
    traces: new Map(),
    metrics: new Map(),
    logs: new Map(),
  };

  /** @param mark 16 hexadecimal digits that no other process has */
  constructor(mark: string, clock: Clock) {
    this.#own = mark;
    this.#clock = clock;
  }

  /** Reads the header of a request that came in. What is no mark is not looked at. */
  read(header: string | undefined, signal: Signal): Origin {
    if (header === undefined) return 'elsewhere';
    const marks = header.split(',', MAX_MARKS + 1).map((mark) => mark.trim());
    if (marks.includes(this.#own)) return 'here';
    const nowMs = this.#clock.monotonicMs();
    const before = this.#before[signal];
    let origin: Origin = 'elsewhere';
    for (const mark of marks) {
      if (!MARK.test(mark)) continue;
      if (!before.has(mark) && before.size >= MAX_MARKS) forget(before, nowMs);
      if (before.has(mark) || before.size < MAX_MARKS) before.set(mark, nowMs);
      else origin = 'untold';
    }
    return origin;
  }

  /** The header of a request that goes out. */
  headers(signal: Signal): Record<string, string> {
    const before = this.#before[signal];
    forget(before, this.#clock.monotonicMs());
    return { [TRAIL_HEADER]: [this.#own, ...before.keys()].join(',') };
  }
}

function forget(before: Map<string, number>, nowMs: number): void {
  for (const [mark, metMs] of before) if (nowMs - metMs >= NAMED_FOR_MS) before.delete(mark);
}
