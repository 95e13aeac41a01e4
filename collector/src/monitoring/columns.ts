// Columns of numbers, one row a series, that grow together: a quiet second makes no object.

/** A growing list of numbers by row. */
export class Column {
  #numbers: Float64Array;
  readonly #fill: number;

  constructor(fill = 0) {
    this.#fill = fill;
    this.#numbers = new Float64Array(64).fill(fill);
  }

  at(row: number): number {
    return this.#numbers[row] ?? this.#fill;
  }

  set(row: number, value: number): void {
    if (row >= this.#numbers.length) {
      const grown = new Float64Array(Math.max(row + 1, this.#numbers.length * 2)).fill(this.#fill);
      grown.set(this.#numbers);
      this.#numbers = grown;
    }
    this.#numbers[row] = value;
  }
}
