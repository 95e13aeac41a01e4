// Calls of one operation in batches of the same number: how far batches lie apart says how well a figure of all is known,
// whatever the calls have to do with each other. Memory is bounded: when there are too many, neighbours are joined.
import { BINS } from './bins.ts';
import { joinWindows, type Window } from './windows.ts';

/** Calls of the first batches, and how many batches there may be. */
const FIRST_CALLS = 4;
const MAX_BATCHES = 64;

/** Takes calls in order of their ends. */
export class CallBatches {
  readonly #open = new Map<number, number>();
  #batches: Window[] = [];
  #size = FIRST_CALLS;
  #calls = 0;
  #errors = 0;
  #fromMs = NaN;
  #toMs = NaN;

  add(timeMs: number, bin: number, isError: boolean): void {
    if (this.#calls === 0) this.#fromMs = Number.isNaN(this.#toMs) ? timeMs : this.#toMs;
    this.#open.set(bin, (this.#open.get(bin) ?? 0) + 1);
    this.#calls++;
    if (isError) this.#errors++;
    // Lines may be out of order by a little; time does not go back for that.
    this.#toMs = Math.max(this.#fromMs, timeMs);
    if (this.#calls < this.#size) return;
    this.#batches.push(this.#close());
    if (this.#batches.length < MAX_BATCHES) return;
    this.#batches = joinedBy(this.#batches, 2);
    this.#size *= 2;
  }

  /** All batches, in order of time; the last may hold fewer calls. */
  all(): readonly Window[] {
    if (this.#calls > 0) this.#batches.push(this.#close());
    return this.#batches;
  }

  #close(): Window {
    const bins = Uint8Array.from([...this.#open.keys()].sort((a, b) => a - b));
    const counts = Uint32Array.from(bins, (bin) => this.#open.get(bin) ?? 0);
    const [calls, errors] = [this.#calls, this.#errors];
    this.#open.clear();
    [this.#calls, this.#errors] = [0, 0];
    return { fromMs: this.#fromMs, toMs: this.#toMs, calls, errors, bins, counts };
  }
}

/** Groups of `size` neighbours, each as one. */
export function joinedBy(batches: readonly Window[], size: number): Window[] {
  const joined: Window[] = [];
  for (let i = 0; i < batches.length; i += size) joined.push(joinWindows(batches.slice(i, i + size)));
  return joined;
}

/** Counts by bin of all. */
export function countsOfAll(batches: readonly Window[]): Uint32Array {
  const counts = new Uint32Array(BINS);
  for (const { bins, counts: some } of batches) bins.forEach((bin, i) => (counts[bin] += some[i] ?? 0));
  return counts;
}
