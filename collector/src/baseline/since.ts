// What calls did since something seemed wrong: two halves of a minute each, so that what is said is of the last minutes.
import { BINS } from './bins.ts';
import type { Step } from './step.ts';

const HALF_MS = 60_000;
/** A half with fewer calls than this is longer. */
const HALF_CALLS = 30;

export class Since {
  #older = new Uint32Array(BINS);
  #newer = new Uint32Array(BINS);
  #olderBooks = { calls: 0, errors: 0, seconds: 0 };
  #newerBooks = { calls: 0, errors: 0, seconds: 0 };
  readonly #all = new Uint32Array(BINS);
  #turnMs: number;

  /** @param fromMs when it began */
  constructor(fromMs: number) {
    this.#turnMs = fromMs + HALF_MS;
  }

  /** Takes a second. @param centre how far the baseline lies elsewhere now; whole bins are taken off */
  take(step: Step, centre: number, lengthMs: number): void {
    if (step.timeMs > this.#turnMs && this.#newerBooks.calls >= HALF_CALLS) {
      [this.#older, this.#newer] = [this.#newer, this.#older.fill(0)];
      this.#olderBooks = this.#newerBooks;
      this.#newerBooks = { calls: 0, errors: 0, seconds: 0 };
      this.#turnMs = step.timeMs + HALF_MS;
    }
    const by = Math.round(centre);
    for (let k = 0; k < step.kinds; k++) {
      const bin = Math.max(0, Math.min(BINS - 1, (step.bins[k] ?? 0) - by));
      this.#newer[bin] += step.counts[k];
      this.#all[bin] += step.counts[k];
    }
    this.#newerBooks.calls += step.calls;
    this.#newerBooks.errors += step.errors;
    this.#newerBooks.seconds += lengthMs / 1000;
  }

  snapshot() {
    return {
      older: this.#older.slice(),
      newer: this.#newer.slice(),
      all: this.#all.slice(),
      olderBooks: this.#olderBooks,
      newerBooks: { ...this.#newerBooks },
      turnMs: this.#turnMs,
    };
  }

  static restored({ older, newer, all, olderBooks, newerBooks, turnMs }: ReturnType<Since['snapshot']>): Since {
    const since = new Since(turnMs - HALF_MS);
    since.#older.set(older);
    since.#newer.set(newer);
    since.#all.set(all);
    [since.#olderBooks, since.#newerBooks] = [olderBooks, newerBooks];
    return since;
  }

  /** Counts by bin since it began. */
  all(): Uint32Array {
    return this.#all;
  }

  /** Counts by bin, of the last one to two minutes. */
  counts(): Uint32Array {
    return this.#newer.map((count, b) => count + (this.#older[b] ?? 0));
  }

  get calls(): number {
    return this.#olderBooks.calls + this.#newerBooks.calls;
  }

  get errors(): number {
    return this.#olderBooks.errors + this.#newerBooks.errors;
  }

  get seconds(): number {
    return this.#olderBooks.seconds + this.#newerBooks.seconds;
  }
}
