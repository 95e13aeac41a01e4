// The last minutes of every operation, kept in the page only: the sidecar answers the present.
import type { OperationSummary } from '../api.ts';
import { operationId } from './operation-order.ts';

const COLUMNS = ['rate', 'errors', 'p50', 'p95', 'p99'] as const;
type Column = (typeof COLUMNS)[number];

export interface HistoryLimits {
  /** Readings kept; 300 are five minutes at one a second. */
  readonly points: number;
  /** Operations kept; each costs points × 20 bytes. */
  readonly operations: number;
}

/** Oldest first; null where the operation had no value or the page heard nothing. */
export type OperationHistory = Readonly<Record<Column, readonly (number | null)[]>> & {
  /** Unix seconds. */
  readonly times: readonly number[];
};

/**
 * A ring of readings. At the limit, operations no longer reported make room, the busiest new ones come in first and the
 * rest is left out; the followed one always comes in.
 */
export class History {
  readonly #limits: HistoryLimits;
  readonly #times: Float64Array;
  /** By operation: a run of `points` values for each column. NaN stands for none. */
  readonly #values = new Map<string, Float32Array>();
  #followed = '';
  #next = 0;
  #filled = 0;

  constructor(limits: HistoryLimits) {
    this.#limits = limits;
    this.#times = new Float64Array(limits.points);
  }

  /** Operations held. */
  get size(): number {
    return this.#values.size;
  }

  /** Keeps this operation from now on, even if another has to go for it. */
  follow(id: string): void {
    this.#followed = id;
  }

  /** @param atMs Unix milliseconds, later than the reading before */
  record(atMs: number, operations: readonly OperationSummary[]): void {
    const slot = this.#advance(atMs);
    this.#makeRoom(operations);
    for (const operation of this.#busiestFirst(operations)) {
      const values = this.#valuesOf(operationId(operation));
      if (values === undefined) continue;
      const reading = [
        operation.callsPerSecond,
        operation.callsPerSecond * operation.errorRatio,
        operation.p50 ?? Number.NaN,
        operation.p95 ?? Number.NaN,
        operation.p99 ?? Number.NaN,
      ];
      reading.forEach((value, column) => (values[column * this.#limits.points + slot] = value));
    }
  }

  /** Marks that nothing is known from here to the next reading, so that no line is drawn across. */
  gap(atMs: number): void {
    this.#advance(atMs);
  }

  points(id: string): OperationHistory {
    const { points } = this.#limits;
    const values = this.#values.get(id);
    const first = this.#filled < points ? 0 : this.#next;
    const slots = Array.from({ length: this.#filled }, (_, i) => (first + i) % points);
    const column = (name: Column): (number | null)[] =>
      slots.map((slot) => {
        const value = values?.[COLUMNS.indexOf(name) * points + slot] ?? Number.NaN;
        return Number.isNaN(value) ? null : value;
      });
    return {
      times: slots.map((slot) => this.#times[slot] / 1000),
      rate: column('rate'),
      errors: column('errors'),
      p50: column('p50'),
      p95: column('p95'),
      p99: column('p99'),
    };
  }

  #advance(atMs: number): number {
    const slot = this.#next;
    this.#times[slot] = atMs;
    for (const values of this.#values.values()) {
      for (let column = 0; column < COLUMNS.length; column++) values[column * this.#limits.points + slot] = Number.NaN;
    }
    this.#next = (slot + 1) % this.#limits.points;
    this.#filled = Math.min(this.#filled + 1, this.#limits.points);
    return slot;
  }

  #makeRoom(operations: readonly OperationSummary[]): void {
    if (this.#values.size < this.#limits.operations) return;
    const reported = new Set(operations.map(operationId));
    for (const id of this.#values.keys()) if (!reported.has(id)) this.#values.delete(id);
  }

  #busiestFirst(operations: readonly OperationSummary[]): readonly OperationSummary[] {
    if (operations.length <= this.#limits.operations) return operations;
    return [...operations].sort((a, b) => b.callsPerSecond - a.callsPerSecond);
  }

  #valuesOf(id: string): Float32Array | undefined {
    const known = this.#values.get(id);
    if (known !== undefined) return known;
    if (this.#values.size >= this.#limits.operations) {
      const [eldest] = this.#values.keys();
      if (id !== this.#followed || eldest === undefined) return undefined;
      this.#values.delete(eldest);
    }
    const values = new Float32Array(COLUMNS.length * this.#limits.points).fill(Number.NaN);
    this.#values.set(id, values);
    return values;
  }
}
