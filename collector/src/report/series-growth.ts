// What series of span metrics have counted since they were looked at last: differences of counts that only grow.
import type { SeriesOwner, SeriesTable } from '../measure/contract.ts';
import type { DayOperations } from './day-operations.ts';

/** What a series had counted when it was looked at last. */
interface Before {
  readonly generation: number;
  readonly calls: number;
  readonly sumNs: number;
  readonly zeroCount: number;
  /** Counts of the buckets from `first` on. */
  readonly first: number;
  readonly counts: Uint32Array | Float64Array;
}

/** A series that had counted nothing. */
const NOTHING = { calls: 0, sumNs: 0, zeroCount: 0, first: 0, counts: new Uint32Array(0) } as const;

export class SeriesGrowth {
  readonly #table: SeriesTable;
  readonly #ownerAt: (row: number) => SeriesOwner;
  readonly #before: (Before | undefined)[] = [];

  constructor(table: SeriesTable, ownerAt: (row: number) => SeriesOwner) {
    this.#table = table;
    this.#ownerAt = ownerAt;
  }

  /** Adds what every series has counted since. Costs a comparison for one that rests, and a copy for one that does not. */
  take(operations: DayOperations): void {
    for (let row = 0; row < this.#table.rows; row++) this.takeRow(row, operations);
  }

  /** The same of one series: to be called before its place is given to another. */
  takeRow(row: number, operations: DayOperations): void {
    const { generation, calls, sumNs, zeroCount, buckets } = this.#table;
    const counts = buckets[row];
    if (counts === undefined) {
      this.#before[row] = undefined;
      return;
    }
    const last = this.#before[row];
    const before = last?.generation === generation[row] ? last : NOTHING;
    if (before.calls === calls[row]) return;
    const { service, name, kind, isError } = this.#ownerAt(row);
    const operation = operations.rowOf(service, name === '' ? 'other operations' : name, kind);
    const grown = (calls[row] ?? 0) - before.calls;
    operation.calls += grown;
    if (isError) operation.errors += grown;
    operation.sumNs += (sumNs[row] ?? 0) - before.sumNs;
    operation.zeroCount += (zeroCount[row] ?? 0) - before.zeroCount;
    let [first, end] = [0, counts.length];
    while (first < end && counts[first] === 0) first++;
    while (end > first && counts[end - 1] === 0) end--;
    for (let bucket = first; bucket < end; bucket++) {
      const added = (counts[bucket] ?? 0) - (before.counts[bucket - before.first] ?? 0);
      if (added !== 0) operation.bins.add(bucket, added);
    }
    this.#before[row] = {
      generation: generation[row] ?? 0,
      calls: calls[row] ?? 0,
      sumNs: sumNs[row] ?? 0,
      zeroCount: zeroCount[row] ?? 0,
      first,
      counts: counts.slice(first, end),
    };
  }

  /** Bytes, about. */
  get sizeBytes(): number {
    return this.#before.reduce(
      (sum, before) => sum + (before === undefined ? 0 : before.counts.byteLength + BEFORE_BYTES),
      0,
    );
  }
}

/** An object of six fields and the head of its array. */
const BEFORE_BYTES = 200;
