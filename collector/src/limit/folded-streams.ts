// What streams without a series of their own count: their points become increments of targets.
// Cumulative ones leave their last value in the store; deltas leave nothing.
import type { DataPoint, Metric, PointValue } from '../model/data-point.ts';
import { soundness, stepOf } from './increment.ts';
import type { DropReason } from './instruments.ts';
import { streamKey } from './series-digest.ts';
import { StreamFileFailed } from './stream-file.ts';
import type { StreamState, StreamStore } from './stream-store.ts';
import type { Target } from './target.ts';
import type { OwnSeries } from './tracked-metric.ts';

/** What is needed of the time. */
export interface Now {
  /** Unix milliseconds. */
  readonly nowMs: number;
  readonly monotonicMs: number;
}

/** Marks of records: a series of its own that fell silent, and a stream that counts in some target. */
const SILENT = 0;
const FOLDED = 1;
/** Numbers of targets begin above the marks. */
export const FIRST_TARGET = 2;

/** The form in which a metric counts. */
export type Form = 'gauge' | 'delta' | 'level' | 'count';

/** @returns `level` for a cumulative sum that goes up and down, `count` for what only grows */
export function formOf({ kind, temporality, isMonotonic }: Metric): Form {
  if (kind === 'gauge') return 'gauge';
  if (temporality === 'delta') return 'delta';
  return kind === 'sum' && !isMonotonic ? 'level' : 'count';
}

export interface FoldedStreamsOptions {
  readonly store: StreamStore;
  readonly ttlMs: number;
  /** Unix milliseconds since when streams are watched. */
  readonly watchedSinceMs: number;
}

/** The streams that are folded. */
export class FoldedStreams {
  readonly #store: StreamStore;
  readonly #ttlMs: number;
  readonly #watchedSinceMs: number;
  /** Targets to which levels contribute, by number. */
  readonly #levels = new Map<number, Target>();
  /** Streams that contribute to a level. */
  levels = 0;

  constructor({ store, ttlMs, watchedSinceMs }: FoldedStreamsOptions) {
    this.#store = store;
    this.#ttlMs = ttlMs;
    this.#watchedSinceMs = watchedSinceMs;
  }

  /** Counts a point in an open target. @returns why it could not be counted */
  absorb(key: string, point: DataPoint, target: Target, now: Now): DropReason | undefined {
    const { value } = point;
    const sound = soundness(value);
    if (sound !== 'sound') return sound;
    target.usedMs = now.monotonicMs;
    switch (formOf(point.metric)) {
      case 'gauge':
        if (value.type === 'number') target.observe(value.value, value.isInteger, point.timeMs);
        return undefined;
      case 'delta':
        target.add(value, point.exemplars, now.nowMs);
        return undefined;
      case 'level':
        return this.#absorbLevel(key, point, target, now);
      case 'count':
        return this.#absorbCount(key, point, target, now);
    }
  }

  /** A series gives its place up. @returns whether its last value could be kept; where not, it has to stay */
  fold(row: OwnSeries, target: Target, now: Now): boolean {
    const { point } = row;
    const form = formOf(point.metric);
    if (form === 'level') {
      if (soundness(point.value) !== 'sound') return true;
      if (!this.#keep(row.key, point, target.id, now)) return false;
      this.#contribute(target, point.value, now);
    }
    if (form === 'delta' && row.net !== 0)
      target.add({ type: 'number', value: row.net, isInteger: Number.isInteger(row.net) }, [], now.nowMs);
    return form !== 'count' || this.#keep(row.key, point, FOLDED, { ...now, monotonicMs: row.seenMs });
  }

  /** A series was silent for so long that its place is given away; nothing is counted anywhere else. */
  retire(row: OwnSeries): void {
    const { point, seenMs } = row;
    if (formOf(point.metric) !== 'count') return;
    const mark = row.returnedMs > 0 ? FOLDED : SILENT;
    const keep = (): boolean => this.#keep(row.key, point, mark, { nowMs: 0, monotonicMs: seenMs });
    if (whereReadable(keep) !== true)
      this.#store.forgottenUntilMs = Math.max(this.#store.forgottenUntilMs, point.timeMs);
  }

  /**
   * A stream gets a place of its own.
   *
   * @param target open; for what it counted between its last folded point and this one
   * @returns what it had counted by now, where it is to show only what comes after
   */
  unfold(key: string, point: DataPoint, target: () => Target, now: Now): PointValue | undefined {
    const form = formOf(point.metric);
    if (form !== 'level' && form !== 'count') return undefined;
    const place = streamKey(key);
    const last = this.#store.get(place, point.value.type);
    if (last === undefined) return undefined;
    this.#store.remove(place, point.value.type);
    if (form === 'level') this.#withdraw(last);
    if (form === 'level' || last.target === SILENT) return undefined;
    const step = stepOf(last, point);
    if (step === undefined) return last.value;
    // One that began anew shows all it has: its start time says so.
    if (step.isReset && point.startMs > last.timeMs) return undefined;
    target().add(step.increment, point.exemplars, now.nowMs);
    return point.value;
  }

  /** A stream says that it has no value any more. @returns whether it was folded */
  end(key: string, { metric, value }: DataPoint): boolean {
    const place = streamKey(key);
    const last = this.#store.get(place, value.type);
    if (last === undefined || last.target === SILENT) return false;
    if (formOf(metric) === 'level') {
      this.#store.remove(place, value.type);
      this.#withdraw(last);
    }
    return true;
  }

  /** Another target stands for what one stood for, and takes its level over. */
  merge(from: Target, into: Target, now: Now): void {
    from.mergedInto = into;
    if (from.net !== 0 && from !== into)
      into.add({ type: 'number', value: from.net, isInteger: Number.isInteger(from.net) }, [], now.nowMs);
  }

  /** Takes levels out of their sums whose streams fell silent, a page of records at a time. */
  sweep({ monotonicMs }: Now, pages: number): void {
    if (this.levels === 0) return this.#levels.clear();
    const isOver = (state: StreamState): boolean => {
      if (state.target < FIRST_TARGET || state.seenMs >= monotonicMs - this.#ttlMs) return false;
      this.#withdraw(state);
      return true;
    };
    for (let i = 0; i < pages; i++) if (whereReadable(() => this.#store.sweepNumbers(isOver)) !== false) return;
  }

  #absorbCount(key: string, point: DataPoint, target: Target, now: Now): DropReason | undefined {
    const { startMs, value, exemplars } = point;
    const last = this.#store.get(streamKey(key), value.type);
    const step = last === undefined ? undefined : stepOf(last, point);
    if (last !== undefined && step === undefined) return undefined;
    if (!this.#keep(key, point, FOLDED, now)) return 'state_full';
    if (step !== undefined) {
      target.add(step.increment, exemplars, now.nowMs);
      return undefined;
    }
    // In mid-life nobody knows what was counted before; of one that began while we watched all is new.
    if (startMs < this.#watchedSinceMs) return undefined;
    if (startMs <= this.#store.forgottenUntilMs) return 'state_full';
    target.add(value, exemplars, now.nowMs);
    return undefined;
  }

  #absorbLevel(key: string, point: DataPoint, target: Target, now: Now): DropReason | undefined {
    const last = this.#store.get(streamKey(key), point.value.type);
    if (last !== undefined && last.timeMs > point.timeMs) return undefined;
    if (!this.#keep(key, point, target.id, now)) return 'state_full';
    if (last !== undefined) this.#withdraw(last);
    this.#contribute(target, point.value, now);
    return undefined;
  }

  #contribute(target: Target, value: PointValue, now: Now): void {
    target.add(value, [], now.nowMs);
    this.#levels.set(target.id, target);
    this.levels++;
  }

  #withdraw({ target: number, value }: StreamState): void {
    if (number < FIRST_TARGET || value.type !== 'number') return;
    this.levels--;
    let target = this.#levels.get(number);
    while (target?.mergedInto !== undefined) target = target.mergedInto;
    target?.add({ ...value, value: -value.value }, [], 0);
  }

  #keep(key: string, { timeMs, startMs, value }: DataPoint, target: number, { monotonicMs }: Now): boolean {
    const state = { target, seenMs: monotonicMs, timeMs, startMs, value };
    return this.#store.set(streamKey(key), state, monotonicMs - this.#ttlMs);
  }
}

/** Upkeep goes on where the disk fails; the next point that needs it is dropped and counted. */
function whereReadable<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (error instanceof StreamFileFailed) return undefined;
    throw error;
  }
}
