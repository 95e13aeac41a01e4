// The latest values of a series, and what is taken of them. All its state is in one array, so that it can be kept.

/** The latest values, oldest first to be overwritten. */
export class Ring {
  /** Values, and after them how many there have ever been. */
  readonly state: Float64Array;
  readonly #size: number;

  constructor(size: number) {
    this.#size = size;
    this.state = new Float64Array(size + 1);
  }

  get length(): number {
    return Math.min(this.#count, this.#size);
  }

  get #count(): number {
    return this.state[this.#size] ?? 0;
  }

  push(value: number): void {
    this.state[this.#count % this.#size] = value;
    this.state[this.#size] = this.#count + 1;
  }

  /** Mean of the latest. @param count no more than `length` */
  mean(count: number): number {
    let sum = 0;
    for (let i = 1; i <= count; i++) sum += this.#back(i);
    return sum / count;
  }

  /** Sum of the distances between the latest neighbours. @param count no more than `length` */
  steps(count: number): number {
    let sum = 0;
    for (let i = 1; i < count; i++) sum += Math.abs(this.#back(i) - this.#back(i + 1));
    return sum;
  }

  #back(i: number): number {
    return this.state[(this.#count - i) % this.#size] ?? 0;
  }
}
