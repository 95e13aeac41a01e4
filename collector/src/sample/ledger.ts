// Decisions of the recent past by trace id, so that late spans follow them. Bounded: the oldest is forgotten first.
import { EMPTY, HashIndex } from '../otlp/hash-index.ts';
import { hashTraceId } from './trace-slots.ts';

/** A decision as kept; `policy` indexes the configured policies, DROPPED where none kept the trace. */
export interface Decision {
  readonly kept: boolean;
  readonly policy: number;
  readonly thresholdHigh: number;
  readonly thresholdLow: number;
}

const DROPPED = 255;

/** 37 bytes a decision, all allocated at start. */
export class Ledger {
  readonly #id: Uint32Array;
  readonly #thresholdHigh: Uint32Array;
  readonly #thresholdLow: Uint32Array;
  readonly #policy: Uint8Array;
  readonly #index: HashIndex;
  readonly #capacity: number;
  readonly #seed: number;
  #next = 0;
  #count = 0;

  constructor(maxDecisions: number, seed: number) {
    this.#capacity = maxDecisions;
    this.#seed = seed;
    this.#id = new Uint32Array(maxDecisions * 4);
    this.#thresholdHigh = new Uint32Array(maxDecisions);
    this.#thresholdLow = new Uint32Array(maxDecisions);
    this.#policy = new Uint8Array(maxDecisions);
    this.#index = new HashIndex(maxDecisions);
  }

  get count(): number {
    return this.#count;
  }

  get sizeBytes(): number {
    return this.#capacity * 29 + this.#index.slots.byteLength;
  }

  /** Remembers a decision of a trace that has none. */
  add(id0: number, id1: number, id2: number, id3: number, decision: Decision): void {
    const row = this.#next;
    this.#next = (row + 1) % this.#capacity;
    if (this.#count === this.#capacity) this.#index.remove(row);
    else this.#count++;
    this.#id[row * 4] = id0;
    this.#id[row * 4 + 1] = id1;
    this.#id[row * 4 + 2] = id2;
    this.#id[row * 4 + 3] = id3;
    this.#thresholdHigh[row] = decision.thresholdHigh;
    this.#thresholdLow[row] = decision.thresholdLow;
    this.#policy[row] = decision.kept ? decision.policy : DROPPED;
    this.#index.insert(row, hashTraceId(id0, id1, id2, id3, this.#seed));
  }

  /** Finds the row of a trace; -1 where it is unknown or forgotten. */
  find(id0: number, id1: number, id2: number, id3: number): number {
    const { slots, mask } = this.#index;
    const id = this.#id;
    for (let i = hashTraceId(id0, id1, id2, id3, this.#seed) & mask; ; i = (i + 1) & mask) {
      const row = slots[i];
      if (row === EMPTY) return -1;
      const r = row * 4;
      if (id[r] === id0 && id[r + 1] === id1 && id[r + 2] === id2 && id[r + 3] === id3) return row;
    }
  }

  isKept(row: number): boolean {
    return this.#policy[row] !== DROPPED;
  }

  /** Reads a decision found before. */
  read(row: number): Decision {
    const policy = this.#policy[row] ?? DROPPED;
    return {
      kept: policy !== DROPPED,
      policy,
      thresholdHigh: this.#thresholdHigh[row] ?? 0,
      thresholdLow: this.#thresholdLow[row] ?? 0,
    };
  }
}
