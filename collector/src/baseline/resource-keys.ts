// What tells the senders of a service apart: all that their resource says, `service.instance.id` mostly. Where instances say the
// same they count as one.
import type { Context } from '../otlp/context-table.ts';
import { hashBytes } from '../otlp/interner.ts';

/** Keys of resources by their context, each made once. */
export class ResourceKeys {
  readonly #keys: number[] = [];
  readonly #serials: number[] = [];
  readonly #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** 32 bits. Two senders that share them by chance are waited for like one. */
  of({ id, serial, bytes, resourceLength }: Context): number {
    if (this.#serials[id] !== serial) {
      this.#serials[id] = serial;
      this.#keys[id] = hashBytes(bytes, 0, resourceLength, this.#seed);
    }
    return this.#keys[id];
  }
}
