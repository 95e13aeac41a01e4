// Which of the configured waits apply to each pending trace, and the times they come to. Says nothing about queues.
import { copyInto, lengthFor } from '../otlp/columns.ts';
import type { Condition } from './conditions.ts';
import type { TraceFacts } from './facts.ts';

/** One wait is one bit of a byte of each pending trace, and up to three queues. */
export const MAX_WAITS = 8;
/** Stands where none of the configured waits ended the waiting, but the times for all traces. */
export const NO_WAIT = -1;

/** Times for traces for which a condition holds, in milliseconds; undefined where those for all traces hold. */
export interface Wait {
  /** Once it holds for a trace, it holds whatever else comes. */
  readonly holds: Condition;
  readonly decisionWaitMs: number | undefined;
  readonly afterRootMs: number | undefined;
  readonly afterMatchMs: number | undefined;
}

/** A time for each set of waits that apply, and which wait it is of. */
export interface WaitTimes {
  readonly ms: Float64Array;
  /** Index of the wait; NO_WAIT where the time is that for all traces. */
  readonly of: Int8Array;
  /** Those that differ, ascending. */
  readonly distinctMs: readonly number[];
}

/** The waits of each pending trace, by its slot, as a set of bits: bit i is that of wait i. */
export class AppliedWaits {
  readonly #waits: readonly Wait[];
  readonly #all: number;
  #bits = new Uint8Array(1024);

  constructor(waits: readonly Wait[]) {
    this.#waits = waits;
    this.#all = (1 << waits.length) - 1;
  }

  /** Begins a trace: nothing is known of it. */
  open(trace: number): void {
    if (trace >= this.#bits.length) this.#bits = copyInto(new Uint8Array(lengthFor(trace)), this.#bits);
    this.#bits[trace] = 0;
  }

  of(trace: number): number {
    return this.#bits[trace] ?? 0;
  }

  /** Looks at a trace that has changed. @returns bits of the waits that apply from now on */
  look(trace: number, facts: TraceFacts): number {
    const before = this.of(trace);
    if (before === this.#all) return 0;
    let fresh = 0;
    for (let i = 0; i < this.#waits.length; i++)
      if ((before & (1 << i)) === 0 && this.#waits[i]?.holds(facts) === true) fresh |= 1 << i;
    this.#bits[trace] = before | fresh;
    return fresh;
  }
}

/**
 * Works out one time for every set of waits: of those that name one, the first listed decides.
 *
 * @param generalMs the time for all traces
 */
export function timesOf(
  waits: readonly Wait[],
  read: (wait: Wait) => number | undefined,
  generalMs: number,
): WaitTimes {
  const ms = new Float64Array(1 << waits.length);
  const of = new Int8Array(1 << waits.length);
  for (let bits = 0; bits < ms.length; bits++) {
    const first = waits.findIndex((wait, i) => (bits & (1 << i)) !== 0 && read(wait) !== undefined);
    const named = waits[first];
    ms[bits] = (named === undefined ? undefined : read(named)) ?? generalMs;
    of[bits] = first;
  }
  return { ms, of, distinctMs: [...new Set(ms)].sort((a, b) => a - b) };
}
