// What an operation did while it is learned: windows of half a minute, each with its counts by bin.
// Memory is bounded: when there are too many, neighbours are joined and windows become twice as long.
import { BINS } from './bins.ts';
import { MinuteNoise, SecondClusters } from './likeness.ts';
import { PackedWindows } from './packed-windows.ts';
import type { Step } from './step.ts';

/** Shortest length of a window. */
export const WINDOW_MS = 30_000;
/** Beyond this many, neighbours are joined. */
const MAX_WINDOWS = 96;

/** One window. */
export interface Window {
  readonly fromMs: number;
  readonly toMs: number;
  readonly calls: number;
  readonly errors: number;
  /** Bins that hold calls, ascending, and how many each holds. */
  readonly bins: Uint8Array;
  readonly counts: Uint32Array;
}

/** Collects windows from steps in order of time. */
export class LearningWindows {
  readonly #open = new Uint32Array(BINS);
  #fromMs = NaN;
  #calls = 0;
  #errors = 0;
  readonly #windows = new PackedWindows();
  /** Length of new windows; doubles with each joining. */
  #lengthMs = WINDOW_MS;
  readonly clusters = new SecondClusters();
  readonly minutes = new MinuteNoise();

  /** Adds a second. @param lengthMs of a step */
  add(step: Step, lengthMs: number): void {
    const fromMs = step.timeMs - lengthMs;
    if (Number.isNaN(this.#fromMs)) this.#fromMs = fromMs;
    else if (fromMs >= this.#fromMs + this.#lengthMs) this.#close(fromMs);
    this.#calls += step.calls;
    this.#errors += step.errors;
    for (let i = 0; i < step.kinds; i++) {
      const bin = step.bins[i] ?? 0;
      this.#open[bin] = (this.#open[bin] ?? 0) + (step.counts[i] ?? 0);
    }
    this.clusters.add(step);
    this.minutes.add(step);
  }

  /** Closed windows in order of time, without those in which nothing was called. */
  get windows(): readonly Window[] {
    return [...this.#windows];
  }

  get count(): number {
    return this.#windows.count;
  }

  /** Passes over a time of which nothing is known: the open window is so much longer. */
  pass(pauseMs: number): void {
    this.#fromMs += pauseMs;
    this.minutes.pass(pauseMs);
  }

  snapshot() {
    return {
      windows: this.#windows.snapshot(),
      // It has not ended yet.
      open: windowOf(this.#fromMs, NaN, this.#calls, this.#errors, this.#open),
      lengthMs: this.#lengthMs,
      clusters: this.clusters.snapshot(),
      minutes: this.minutes.snapshot(),
    };
  }

  restore({ windows, open, lengthMs, clusters, minutes }: ReturnType<LearningWindows['snapshot']>): void {
    this.#windows.restore(windows);
    [this.#fromMs, this.#calls, this.#errors] = [open.fromMs, open.calls, open.errors];
    this.#open.fill(0);
    addWindow(this.#open, open);
    this.#lengthMs = lengthMs;
    this.clusters.restore(clusters);
    this.minutes.restore(minutes);
  }

  #close(nowMs: number): void {
    const lengths = Math.floor((nowMs - this.#fromMs) / this.#lengthMs);
    if (this.#calls > 0) {
      const toMs = this.#fromMs + this.#lengthMs;
      this.#windows.push(windowOf(this.#fromMs, toMs, this.#calls, this.#errors, this.#open));
    }
    this.clusters.closeWindow();
    this.#reset(this.#fromMs + lengths * this.#lengthMs);
    if (this.#windows.count < MAX_WINDOWS) return;
    const all = this.windows;
    this.#windows.clear();
    for (let i = 0; i < all.length; i += 2) this.#windows.push(joinWindows(all.slice(i, i + 2)));
    this.#lengthMs *= 2;
  }

  #reset(fromMs: number): void {
    this.#fromMs = fromMs;
    this.#calls = 0;
    this.#errors = 0;
    this.#open.fill(0);
  }
}

/** Makes one window of several. @param windows in order of time, at least one */
export function joinWindows(windows: readonly Window[]): Window {
  const [first] = windows;
  if (first !== undefined && windows.length === 1) return first;
  const counts = new Uint32Array(BINS);
  let calls = 0;
  let errors = 0;
  for (const window of windows) {
    calls += window.calls;
    errors += window.errors;
    addWindow(counts, window);
  }
  return windowOf(first?.fromMs ?? 0, windows.at(-1)?.toMs ?? 0, calls, errors, counts);
}

/** Adds a window's counts to counts by bin. */
export function addWindow(counts: Uint32Array, window: Window): void {
  for (let i = 0; i < window.bins.length; i++) {
    const bin = window.bins[i] ?? 0;
    counts[bin] = (counts[bin] ?? 0) + (window.counts[i] ?? 0);
  }
}

function windowOf(fromMs: number, toMs: number, calls: number, errors: number, by: Uint32Array): Window {
  let kinds = 0;
  for (let b = 0; b < BINS; b++) if ((by[b] ?? 0) > 0) kinds++;
  const bins = new Uint8Array(kinds);
  const counts = new Uint32Array(kinds);
  let i = 0;
  for (let b = 0; b < BINS; b++) {
    const count = by[b] ?? 0;
    if (count === 0) continue;
    bins[i] = b;
    counts[i++] = count;
  }
  return { fromMs, toMs, calls, errors, bins, counts };
}
