// The last value of every cumulative stream that has no series of its own, in records of a few sizes on shared pages.
import type { PointValue } from '../model/data-point.ts';
import { StreamFile, type StreamFileOptions } from './stream-file.ts';
import { BoundsTable, fitting, floatsOf, readValue, RECORD_FLOATS, writeValue } from './stream-record.ts';
import { type RecordView, type StreamKey, StreamTable } from './stream-table.ts';

/** Doubles of a record before its value: owner and mark, then three times. */
const HEAD_FLOATS = 4;

/** What is known of a stream. */
export interface StreamState {
  /** Number of the target that counts it; 0 for one that had a series of its own and was silent for too long. */
  readonly target: number;
  /** Monotonic milliseconds, of its last point. */
  readonly seenMs: number;
  /** Unix milliseconds, as its last point says. */
  readonly timeMs: number;
  readonly startMs: number;
  readonly value: PointValue;
}

/** Streams by key. Every call may reach the disk and so throw StreamFileFailed. */
export class StreamStore {
  readonly #file: StreamFile;
  readonly #bounds = new BoundsTable();
  readonly #tables: Readonly<Record<PointValue['type'], readonly StreamTable[]>>;
  readonly #all: readonly StreamTable[];
  /** Where the sweep goes on. */
  #sweptPage = 0;
  /** Last points up to this time may have been forgotten. */
  forgottenUntilMs = -Infinity;

  constructor(options: StreamFileOptions) {
    this.#file = new StreamFile(options);
    const tables = (type: PointValue['type']): StreamTable[] =>
      RECORD_FLOATS[type].map((floats) => new StreamTable(this.#file, HEAD_FLOATS + floats));
    this.#tables = {
      number: tables('number'),
      summary: tables('summary'),
      histogram: tables('histogram'),
      exponential_histogram: tables('exponential_histogram'),
    };
    this.#all = Object.values(this.#tables).flat();
  }

  get count(): number {
    return this.#all.reduce((sum, { count }) => sum + count, 0);
  }

  /** Why there is no file, where one was needed. */
  get problem(): string {
    return this.#file.problem;
  }

  get memoryBytes(): number {
    return this.#file.memoryBytes;
  }

  get diskBytes(): number {
    return this.#file.diskBytes;
  }

  get(key: StreamKey, type: PointValue['type']): StreamState | undefined {
    for (const table of this.#tables[type]) {
      const view = table.find(key);
      if (view !== undefined) return this.#read(view, type);
    }
    return undefined;
  }

  /**
   * Keeps what is known of a stream.
   *
   * @param idleBeforeMs monotonic; where there is no room, streams whose last point is older make some
   * @returns whether there was room; where not, what was known before still is
   */
  set(key: StreamKey, state: StreamState, idleBeforeMs: number): boolean {
    const value = fitting(state.value);
    const { type } = value;
    const wanted = RECORD_FLOATS[type].findIndex((floats) => floats >= floatsOf(value));
    const table = this.#tables[type][wanted];
    const view = table.find(key) ?? table.add(key) ?? this.#makeRoom(table, key, idleBeforeMs);
    if (view === undefined) return false;
    view.words[view.word] = state.target;
    view.floats[view.float + 1] = state.seenMs;
    view.floats[view.float + 2] = state.timeMs;
    view.floats[view.float + 3] = state.startMs;
    writeValue(view.floats, view.float + HEAD_FLOATS, value, this.#bounds);
    table.changed();
    for (const other of this.#tables[type]) if (other !== table) other.remove(key);
    return true;
  }

  remove(key: StreamKey, type: PointValue['type']): void {
    for (const table of this.#tables[type]) if (table.remove(key)) return;
  }

  /**
   * Looks at the next page of numbers, round and round, and removes those that are over.
   *
   * @returns whether a round has ended
   */
  sweepNumbers(isOver: (state: StreamState) => boolean): boolean {
    const [table] = this.#tables.number;
    if (this.#sweptPage >= table.pages) {
      this.#sweptPage = 0;
      return true;
    }
    table.sweep(this.#sweptPage++, (view) => isOver(this.#read(view, 'number')));
    return false;
  }

  close(): void {
    this.#file.close();
  }

  #read({ words, floats, word, float }: RecordView, type: PointValue['type']): StreamState {
    return {
      target: words[word],
      seenMs: floats[float + 1],
      timeMs: floats[float + 2],
      startMs: floats[float + 3],
      value: readValue(floats, float + HEAD_FLOATS, type, this.#bounds),
    };
  }

  /** Forgets idle streams of the page where one belongs: a full store keeps those that still count. */
  #makeRoom(table: StreamTable, key: StreamKey, idleBeforeMs: number): RecordView | undefined {
    const gone = table.sweepAt(key, ({ floats, float }) => {
      if (floats[float + 1] >= idleBeforeMs) return false;
      this.forgottenUntilMs = Math.max(this.forgottenUntilMs, floats[float + 2]);
      return true;
    });
    return gone === 0 ? undefined : table.add(key);
  }
}
