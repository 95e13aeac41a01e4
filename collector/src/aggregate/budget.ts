// How many streams and groups may be remembered, over all rules together.

/** A number of places. */
export class Budget {
  readonly #max: number;
  used = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** Takes places where there are enough. */
  take(places: number): boolean {
    if (this.used + places > this.#max) return false;
    this.used += places;
    return true;
  }

  give(places: number): void {
    this.used -= places;
  }
}
