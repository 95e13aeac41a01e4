// Which operation a series of span metrics belongs to, found once for each series.
import type { MeasuredSpans } from '../measure/contract.ts';

/** A series of span metrics has an operation, or none that is watched. */
export const UNWATCHED = -1;

type Of = NonNullable<ReturnType<MeasuredSpans['operationAt']>>;

export class SeriesOperations {
  readonly #operationOf: (of: Of, nowMs: number) => number;
  /** By series: operation, whether it counts errors, and the generation both are of. */
  #operations = new Int32Array(0);
  #errors = new Uint8Array(0);
  #generations = new Uint32Array(0);

  /** @param operationOf names an operation, which is made known where it is new */
  constructor(operationOf: (of: Of, nowMs: number) => number) {
    this.#operationOf = operationOf;
  }

  /** Makes room for as many series as there are. */
  fit(series: number): void {
    if (this.#operations.length >= series) return;
    this.#operations = new Int32Array(series).fill(UNWATCHED);
    this.#errors = new Uint8Array(series);
    this.#generations = new Uint32Array(series);
  }

  /** The operation of a series, or UNWATCHED. */
  at(series: number, { generation, operationAt }: MeasuredSpans, nowMs: number): number {
    if (this.#generations[series] !== generation[series]) {
      const of = operationAt(series);
      this.#generations[series] = generation[series];
      this.#errors[series] = of?.isError === true ? 1 : 0;
      this.#operations[series] = of === undefined ? UNWATCHED : this.#operationOf(of, nowMs);
    }
    return this.#operations[series];
  }

  /** Whether a series that was asked for counts errors. */
  isError(series: number): boolean {
    return this.#errors[series] === 1;
  }

  /** Finds all of them anew: an operation was forgotten. */
  forget(): void {
    this.#generations.fill(0);
  }
}
