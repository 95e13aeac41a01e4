// Something for each operation, found by service and span name without making a string. Bounded: beyond, they share one.
import type { Context } from '../otlp/context-table.ts';
import { EMPTY, HashIndex } from '../otlp/hash-index.ts';
import { hashBytes, MAX_TEXT_BYTES, sameBytes } from '../otlp/interner.ts';

interface Operation<T> {
  readonly service: string;
  /** Cut after MAX_TEXT_BYTES, as names are everywhere. */
  readonly name: Uint8Array;
  readonly value: T;
}

/** Operations by service and span name. */
export class OperationTable<T> {
  /** Lookups of operations that found no room. */
  overflowed = 0;
  readonly #maxOperations: number;
  readonly #seed: number;
  readonly #make: () => T;
  readonly #rows: (Operation<T> | undefined)[] = [];
  readonly #free: number[] = [];
  readonly #index: HashIndex;
  readonly #serviceHashes = new WeakMap<Context, number>();
  /** Of all operations that find no room. */
  readonly #shared: T;

  /** @param seed secret, so that nobody can prepare names that collide */
  constructor(maxOperations: number, seed: number, make: () => T) {
    this.#maxOperations = maxOperations;
    this.#seed = seed;
    this.#make = make;
    this.#index = new HashIndex(maxOperations);
    this.#shared = make();
  }

  get count(): number {
    return this.#rows.length - this.#free.length;
  }

  /** What there is for an operation; made where it is new. */
  of(context: Context | undefined, bytes: Uint8Array, start: number, length: number): T {
    const service = context?.serviceName ?? '';
    const used = Math.min(length, MAX_TEXT_BYTES);
    const hash = hashBytes(bytes, start, start + used, this.#hashOfService(context, service));
    const { slots, mask, hashes } = this.#index;
    for (let i = hash & mask; ; i = (i + 1) & mask) {
      const row = slots[i];
      if (row === EMPTY) break;
      if (hashes[row] !== hash) continue;
      const found = this.#rows[row];
      if (found?.name.length === used && found.service === service && sameBytes(found.name, 0, bytes, start, used))
        return found.value;
    }
    if (this.count >= this.#maxOperations) {
      this.overflowed++;
      return this.#shared;
    }
    const row = this.#free.pop() ?? this.#rows.length;
    const value = this.#make();
    this.#rows[row] = { service, name: bytes.slice(start, start + used), value };
    this.#index.insert(row, hash);
    return value;
  }

  /** Visits every operation, and the shared one last; forgets those for which the answer is false. */
  sweep(isWanted: (value: T) => boolean): void {
    for (let row = 0; row < this.#rows.length; row++) {
      const found = this.#rows[row];
      if (found === undefined || isWanted(found.value)) continue;
      this.#index.remove(row);
      this.#rows[row] = undefined;
      this.#free.push(row);
    }
    isWanted(this.#shared);
  }

  #hashOfService(context: Context | undefined, service: string): number {
    if (context === undefined) return this.#seed;
    let hash = this.#serviceHashes.get(context);
    if (hash === undefined) {
      const name = new TextEncoder().encode(service);
      this.#serviceHashes.set(context, (hash = hashBytes(name, 0, name.length, this.#seed)));
    }
    return hash;
  }
}
