// A file that is read again and again: its descriptor is kept, and all of them share one buffer.
import { closeSync, openSync, readSync } from 'node:fs';

/** Largest text that is read whole; /proc/stat of 256 processors has 40 KiB before what is not read of it. */
const BUFFER_BYTES = 256 * 1024;
const shared = new Uint8Array(BUFFER_BYTES);

/** A file of /proc or /sys. */
export class ProcFile {
  readonly #path: string;
  #descriptor: number | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Reads it from the start.
   *
   * @returns the shared buffer, valid until the next file is read, and how much of it is the text
   * @throws the system's error; the file is opened anew the next time
   */
  read(): { readonly bytes: Uint8Array; readonly length: number } {
    let length = 0;
    this.pieces((_, end) => {
      length = end;
      return 0;
    });
    view.length = length;
    return view;
  }

  /**
   * Reads it in pieces.
   *
   * @param take is told of the buffer and how much of it is text; answers how much it used, the rest comes again. When the
   * buffer is full and nothing was used, reading ends.
   */
  pieces(take: (bytes: Uint8Array, length: number) => number): void {
    try {
      this.#descriptor ??= openSync(this.#path, 'r');
      let position = 0;
      let length = 0;
      while (length < shared.length) {
        const count = readSync(this.#descriptor, shared, length, shared.length - length, position);
        if (count === 0) return;
        position += count;
        length += count;
        const used = take(shared, length);
        if (used > 0) shared.copyWithin(0, used, length);
        length -= used;
      }
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

const view = { bytes: shared, length: 0 };
