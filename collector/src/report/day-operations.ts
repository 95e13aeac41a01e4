// Calls of one day by operation: as many operations as there is room for, the rest together.
import { Bins, type SavedBins } from './bins.ts';
import type { OperationFacts } from './contract.ts';

/** With fewer calls a p99 is the slowest of them, which is chance. */
const MIN_CALLS_P99 = 100;
/** Where calls are counted that have no row of their own. */
const OTHERS = { service: 'others', name: 'other operations', kind: '' } as const;

/** Calls of one operation. */
export interface OperationDay {
  readonly service: string;
  readonly name: string;
  readonly kind: string;
  calls: number;
  errors: number;
  sumNs: number;
  /** Calls of a duration of exactly 0. */
  zeroCount: number;
  readonly bins: Bins;
}

/** As it is written down. */
export type SavedOperationDay = Omit<OperationDay, 'bins'> & { readonly bins: SavedBins };

/** Calls by operation. What comes first has a row, so that names without end cost no more than the rows that there are. */
export class DayOperations {
  readonly #most: number;
  readonly #rows = new Map<string, OperationDay>();

  /** @param most rows, one for all others not counted */
  constructor(most: number) {
    this.#most = most;
  }

  /** The row that calls of an operation are counted in. */
  rowOf(service: string, name: string, kind: string): OperationDay {
    return this.#row(service, name, kind) ?? this.#add(OTHERS.service, OTHERS.name, OTHERS.kind);
  }

  addAll(saved: readonly SavedOperationDay[]): void {
    for (const { service, name, kind, calls, errors, sumNs, zeroCount, bins } of saved) {
      const row = this.rowOf(service, name, kind);
      row.calls += calls;
      row.errors += errors;
      row.sumNs += sumNs;
      row.zeroCount += zeroCount;
      row.bins.addAll(bins);
    }
  }

  saved(): SavedOperationDay[] {
    return [...this.#rows.values()].map((row) => ({ ...row, bins: row.bins.saved() }));
  }

  facts(): OperationFacts[] {
    return [...this.#rows.values()].filter(({ calls }) => calls > 0).map(factsOf);
  }

  get size(): number {
    return this.#rows.size;
  }

  /** Bytes, about. */
  get sizeBytes(): number {
    let bytes = 0;
    for (const { bins } of this.#rows.values()) bytes += bins.sizeBytes + ROW_BYTES;
    return bytes;
  }

  #row(service: string, name: string, kind: string): OperationDay | undefined {
    const known = this.#rows.get(keyOf(service, name, kind));
    return known ?? (this.#rows.size < this.#most ? this.#add(service, name, kind) : undefined);
  }

  #add(service: string, name: string, kind: string): OperationDay {
    const key = keyOf(service, name, kind);
    const known = this.#rows.get(key);
    if (known !== undefined) return known;
    const row = { service, name, kind, calls: 0, errors: 0, sumNs: 0, zeroCount: 0, bins: new Bins() };
    this.#rows.set(key, row);
    return row;
  }
}

/** A map's entry, its key, an object of eight fields and two heads of arrays. */
const ROW_BYTES = 400;

function keyOf(service: string, name: string, kind: string): string {
  return `${service.length}:${service}${kind}:${name}`;
}

function factsOf({ service, name, kind, calls, errors, sumNs, zeroCount, bins }: OperationDay): OperationFacts {
  return {
    service,
    name,
    kind,
    // Adjusted counts are no whole numbers.
    calls: Math.round(calls),
    errors: Math.round(errors),
    meanMs: sumNs / calls / 1e6,
    p50Ms: bins.quantileMs(zeroCount, 0.5),
    p95Ms: bins.quantileMs(zeroCount, 0.95),
    ...(calls < MIN_CALLS_P99 ? {} : { p99Ms: bins.quantileMs(zeroCount, 0.99) }),
  };
}
