// Which operation each series of span metrics is of, as columns that are read once a span.
import type { MeasuredSpans } from '../measure/contract.ts';

/** A series has an operation, or none that is watched. */
export const UNWATCHED = -1;

type Found = ReturnType<MeasuredSpans['operationAt']>;

/** Finds the number of an operation, or UNWATCHED. */
type NumberOf = (of: NonNullable<Found>, nowMs: number) => number;

export class SeriesOperations {
  readonly #numberOf: NumberOf;
  /** By series: operation, whether it counts errors, and the generation both are of. */
  operationOf = new Int32Array(0);
  isError = new Uint8Array(0);
  generation = new Uint32Array(0);

  constructor(numberOf: NumberOf) {
    this.#numberOf = numberOf;
  }

  /** Makes room. */
  fit(series: number): void {
    if (this.operationOf.length >= series) return;
    this.operationOf = new Int32Array(series).fill(UNWATCHED);
    this.isError = new Uint8Array(series);
    this.generation = new Uint32Array(series);
  }

  /** Takes a series that was given to somebody else. */
  learn(at: number, generation: number, of: Found, nowMs: number): void {
    this.generation[at] = generation;
    this.isError[at] = of?.isError === true ? 1 : 0;
    this.operationOf[at] = of === undefined ? UNWATCHED : this.#numberOf(of, nowMs);
  }

  /** All are found anew. */
  clear(): void {
    this.generation.fill(0);
  }
}
