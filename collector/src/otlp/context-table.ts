// Resource, scope and their schema urls as one interned context: its bytes are kept once and exports group by it.
// Never overflows into a shared entry: a context either has its own slot or its body is refused.
import assert from 'node:assert/strict';
import { EMPTY, HashIndex } from './hash-index.ts';
import { hashBytes, sameBytes } from './interner.ts';

/** One (resource, scope) pair, alive while spans or queues refer to it. */
export interface Context {
  readonly id: number;
  /** Never used twice, unlike the id: tells whether a slot still holds the same context. */
  readonly serial: number;
  /** Fields of ResourceSpans without its scope_spans, as received; then fields of ScopeSpans without its spans. */
  readonly bytes: Uint8Array;
  /** How many of `bytes` belong to ResourceSpans. */
  readonly resourceLength: number;
  readonly hash: number;
  readonly serviceName: string;
  /** The source is declared to send every span, so a missing `th` means none was left out. */
  readonly unsampled: boolean;
  /** Spans that point here. */
  references: number;
  /** Named by a body since recycling last looked at it. */
  isRecent: boolean;
}

/** What is read of a resource when its context is first seen. */
export type DescribeResource = (bytes: Uint8Array) => { serviceName: string; unsampled: boolean };

/** Bytes of contexts held at most: a resource can be as large as a body, and there may be thousands. */
const MAX_BYTES = 16 * 1024 * 1024;

/** Interned contexts by their bytes. */
export class ContextTable {
  readonly slots: (Context | undefined)[] = [];
  readonly #index: HashIndex;
  readonly #seed: number;
  readonly maxContexts: number;
  readonly #describe: DescribeResource;
  /** Is told of each context as it is interned; also of one that was recycled and comes again. */
  added: (context: Context) => void = () => {};
  readonly #free: number[] = [];
  #bytes = 0;
  #serial = 0;
  /** Where recycling looks next. */
  #hand = 0;

  /** @param maxContexts 1..32768; at the limit, in number or bytes, one that is not in use is recycled */
  constructor(maxContexts: number, seed: number, describe: DescribeResource) {
    this.#index = new HashIndex(maxContexts);
    this.#seed = seed;
    this.maxContexts = maxContexts;
    this.#describe = describe;
  }

  /** Bytes held by interned contexts. */
  get sizeBytes(): number {
    return this.#bytes;
  }

  get count(): number {
    return this.slots.length - this.#free.length;
  }

  hash(bytes: Uint8Array, start: number, end: number): number {
    return hashBytes(bytes, start, end, this.#seed);
  }

  /** Finds a context by its bytes; undefined where it was never committed. */
  find(bytes: Uint8Array, start: number, end: number, resourceLength: number, hash: number): Context | undefined {
    const { slots, mask } = this.#index;
    for (let i = hash & mask; ; i = (i + 1) & mask) {
      const id = slots[i];
      if (id === EMPTY) return undefined;
      const context = this.slots[id];
      if (
        context !== undefined &&
        context.hash === hash &&
        context.resourceLength === resourceLength &&
        context.bytes.length === end - start &&
        sameBytes(context.bytes, 0, bytes, start, end - start)
      )
        return context;
    }
  }

  /**
   * Interns validated bytes.
   *
   * @returns undefined when there is no room and every context is referenced by pending spans: refuse the body
   */
  insert(bytes: Uint8Array, resourceLength: number, hash: number): Context | undefined {
    while (this.#bytes + bytes.length > MAX_BYTES || (this.count === this.maxContexts && this.#free.length === 0)) {
      if (!this.#recycle()) return undefined;
    }
    const id = this.#free.pop() ?? this.slots.length;
    const described = this.#describe(bytes.subarray(0, resourceLength));
    const serial = ++this.#serial;
    const context: Context = { id, serial, bytes, resourceLength, hash, ...described, references: 0, isRecent: true };
    this.slots[id] = context;
    this.#bytes += bytes.length;
    this.#index.insert(id, hash);
    this.added(context);
    return context;
  }

  release(id: number, references: number): void {
    const context = this.slots[id];
    // Once a span, where a call of `assert` itself would be the dearest part.
    if (context === undefined || context.references < references)
      return assert.fail('context released more often than held');
    context.references -= references;
  }

  /**
   * Frees an unreferenced context that was not used since the hand last came by; false where every one is referenced.
   *
   * @see Corbató 1968, the clock algorithm
   */
  #recycle(): boolean {
    const { slots } = this;
    // Twice round: the first round may only take the marks away.
    for (let step = 0; step < slots.length * 2; step++) {
      const context = slots[this.#hand];
      this.#hand = (this.#hand + 1) % slots.length;
      if (context === undefined || context.references > 0) continue;
      if (context.isRecent) {
        context.isRecent = false;
        continue;
      }
      this.#index.remove(context.id);
      slots[context.id] = undefined;
      this.#free.push(context.id);
      this.#bytes -= context.bytes.length;
      return true;
    }
    return false;
  }
}
