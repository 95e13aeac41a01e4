// Windows as bytes: an operation that is learned has a hundred of them, and as objects they would take four times as much.
import type { Window } from './windows.ts';

/** A window of few calls. */
const FIRST_BYTES = 512;

/** Appends windows, and gives them back in the order in which they came. */
export class PackedWindows {
  #bytes = new Uint8Array(FIRST_BYTES);
  #length = 0;
  #lastMs = 0;
  count = 0;

  push({ fromMs, toMs, calls, errors, bins, counts }: Window): void {
    // At most ten bytes a number.
    this.#fit(this.#length + 10 * (5 + 2 * bins.length));
    this.#write(fromMs - this.#lastMs);
    this.#write(toMs - fromMs);
    this.#write(calls);
    this.#write(errors);
    this.#write(bins.length);
    let before = 0;
    bins.forEach((bin, i) => {
      this.#write(bin - before);
      this.#write(counts[i]);
      before = bin;
    });
    this.#lastMs = fromMs;
    this.count++;
  }

  *[Symbol.iterator](): Generator<Window> {
    let at = 0;
    const read = (): number => {
      let [value, scale] = [0, 1];
      for (;;) {
        const byte = this.#bytes[at++];
        value += (byte & 127) * scale;
        if (byte < 128) return value;
        scale *= 128;
      }
    };
    let fromMs = 0;
    for (let i = 0; i < this.count; i++) {
      fromMs += read();
      const toMs = fromMs + read();
      const [calls, errors, kinds] = [read(), read(), read()];
      const bins = new Uint8Array(kinds);
      const counts = new Uint32Array(kinds);
      for (let k = 0, bin = 0; k < kinds; k++) {
        bins[k] = bin += read();
        counts[k] = read();
      }
      yield { fromMs, toMs, calls, errors, bins, counts };
    }
  }

  snapshot() {
    return { bytes: this.#bytes.slice(0, this.#length), lastMs: this.#lastMs, count: this.count };
  }

  restore({ bytes, lastMs, count }: ReturnType<PackedWindows['snapshot']>): void {
    this.clear();
    this.#fit(bytes.length);
    this.#bytes.set(bytes);
    [this.#length, this.#lastMs, this.count] = [bytes.length, lastMs, count];
  }

  clear(): void {
    [this.#length, this.#lastMs, this.count] = [0, 0, 0];
  }

  /** Whole numbers of 0 and above, seven bits a byte, the low ones first. */
  #write(value: number): void {
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.#bytes[this.#length++] = (rest % 128) | 128;
    this.#bytes[this.#length++] = rest;
  }

  #fit(bytes: number): void {
    if (bytes <= this.#bytes.length) return;
    // A half more at a time: what is free is lost to ten thousand operations.
    const grown = new Uint8Array(Math.max(bytes, Math.ceil(1.5 * this.#bytes.length)));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}
