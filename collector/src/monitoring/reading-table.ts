// The series of all readers: what each is, and what was read last. Readers fill it, the stage looks at what they touched.
import type { Attributes } from '../model/attributes.ts';
import { Column } from './columns.ts';
import type { NamedRows } from './named-rows.ts';
import type { SeriesSpec } from './series-spec.ts';

/** More than a machine of 200 processors and 100 devices has. */
const MAX_SERIES = 8192;

/** One series. */
export interface Described {
  readonly spec: SeriesSpec;
  readonly attributes: Attributes;
  /** What is pushed instead of the number, where a number is not all. */
  readonly histogram?: () => HistogramReading;
}

/** Of a histogram the control sees the sum; the buckets are looked up as it is pushed. */
export interface HistogramReading {
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
  readonly sum: number;
}

/** Rows of series; a row of a series that is gone is used again. */
export class ReadingTable {
  readonly described: (Described | undefined)[] = [];
  /** Rows set since they were last taken. */
  readonly #touched: number[] = [];
  readonly #gone: number[] = [];
  readonly #free: number[] = [];
  readonly #values = new Column();
  #refused = 0;

  /** Adds a series. @returns its row, -1 where there is no room */
  add(described: Described): number {
    const row = this.#free.pop() ?? this.described.length;
    if (row >= MAX_SERIES) {
      this.#refused++;
      return -1;
    }
    this.described[row] = described;
    return row;
  }

  /** How many series there was no room for since the last time. */
  takeRefused(): number {
    const refused = this.#refused;
    this.#refused = 0;
    return refused;
  }

  /** Says that a series has ended. */
  remove(row: number): void {
    if (row >= 0) this.#gone.push(row);
  }

  set(row: number, value: number): void {
    if (row < 0) return;
    this.#values.set(row, value);
    this.#touched.push(row);
  }

  value(row: number): number {
    return this.#values.at(row);
  }

  /** Visits what was read since the last time. */
  takeTouched(visit: (row: number, described: Described, value: number) => void): void {
    for (const row of this.#touched) {
      const described = this.described[row];
      if (described !== undefined) visit(row, described, this.#values.at(row));
    }
    this.#touched.length = 0;
  }

  /** Visits what has ended, and frees its rows. */
  takeGone(visit: (row: number, described: Described) => void): void {
    for (const row of this.#gone) {
      const described = this.described[row];
      if (described === undefined) continue;
      visit(row, described);
      this.described[row] = undefined;
      this.#free.push(row);
    }
    this.#gone.length = 0;
  }
}

/** Series that every name of a file has: devices, interfaces, processors. */
export class NamedSeries {
  readonly #table: ReadingTable;
  readonly #make: (name: string) => readonly Described[];
  #byName = new Map<string, readonly number[]>();
  #byRow: (readonly number[] | undefined)[] = [];
  #revision = -1;

  constructor(table: ReadingTable, make: (name: string) => readonly Described[]) {
    this.#table = table;
    this.#make = make;
  }

  /**
   * Visits the rows of a file. One of which all numbers are 0 has no series: machines have many devices that are not used.
   *
   * @param visit is told of the series, in the order they were made, and where the numbers are
   */
  visit(rows: NamedRows, visit: (series: readonly number[], offset: number, name: string) => void): void {
    if (rows.revision !== this.#revision) this.#align(rows);
    for (let i = 0; i < rows.names.length; i++) {
      const name = rows.names[i] ?? '';
      const offset = i * rows.width;
      let series = this.#byRow[i];
      if (series === undefined) {
        if (!hasFigure(rows, offset)) continue;
        series = this.#make(name).map((each) => this.#table.add(each));
        this.#byName.set(name, series);
        this.#byRow[i] = series;
      }
      visit(series, offset, name);
    }
  }

  /** Names have changed: those that stay keep their series. */
  #align(rows: NamedRows): void {
    const names = new Set(rows.names);
    for (const [name, series] of this.#byName) {
      if (names.has(name)) continue;
      for (const row of series) this.#table.remove(row);
      this.#byName.delete(name);
    }
    this.#byRow = rows.names.map((name) => this.#byName.get(name));
    this.#revision = rows.revision;
  }
}

function hasFigure(rows: NamedRows, offset: number): boolean {
  for (let i = offset; i < offset + rows.width; i++) if (rows.values[i] !== 0) return true;
  return false;
}
