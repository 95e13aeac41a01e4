// The door: reads bodies under a cap on bytes in flight, so that slow or many senders cannot take the memory.
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';

/** Chunks below this are joined once a body has come in so many: each would cost more than its bytes. */
const SMALL_CHUNK_BYTES = 4096;
const SMALL_CHUNKS = 16;
const JOINED_BYTES = 64 * 1024;
/** A chunk that keeps more than so many times its bytes alive is copied: of what one read of a socket brings, frames may be a crumb. */
const MAX_PINNED_RATIO = 4;

/** Why a body was not let in. */
export type RefusedAtDoor = 'too_large' | 'overloaded' | 'aborted';

/** A body read whole, or the reason why not. Release it exactly once either way. */
export interface ReadBody {
  readonly chunks: readonly Buffer[];
  readonly length: number;
  readonly refused: RefusedAtDoor | undefined;
}

/** Bytes of bodies being read or inflated. */
export class Admission {
  readonly #maxInFlightBytes: number;
  inFlightBytes = 0;

  constructor(maxInFlightBytes: number) {
    this.#maxInFlightBytes = maxInFlightBytes;
  }

  /** Takes room for bytes not yet read; false where there is none. */
  reserve(bytes: number): boolean {
    if (this.inFlightBytes + bytes > this.#maxInFlightBytes) return false;
    this.inFlightBytes += bytes;
    return true;
  }

  release(bytes: number): void {
    this.inFlightBytes -= bytes;
  }

  /**
   * Reads a body in chunks as they come. Room is taken as bytes arrive, not as the sender claims.
   *
   * @param maxBytes of the body as sent
   * @returns with `length` bytes taken, to be released by the caller
   */
  read(request: IncomingMessage, maxBytes: number): Promise<ReadBody> {
    const claimed = Number(request.headers['content-length'] ?? 0);
    if (claimed > maxBytes) return Promise.resolve({ chunks: [], length: 0, refused: 'too_large' });
    if (this.inFlightBytes + claimed > this.#maxInFlightBytes)
      return Promise.resolve({ chunks: [], length: 0, refused: 'overloaded' });
    return this.readStream(request, maxBytes);
  }

  /** The same for a body whose length nobody states. */
  readStream(stream: Readable, maxBytes: number): Promise<ReadBody> {
    return new Promise((resolve) => {
      const chunks = new Chunks();
      let length = 0;
      const finish = (refused: RefusedAtDoor | undefined): void => {
        stream.removeAllListeners('data');
        resolve({ chunks: refused === undefined ? chunks.take() : [], length, refused });
      };
      stream.on('data', (chunk: Buffer) => {
        if (length + chunk.length > maxBytes) return finish('too_large');
        if (!this.reserve(chunk.length)) return finish('overloaded');
        length += chunk.length;
        chunks.add(chunk);
        return undefined;
      });
      stream.once('end', () => finish(undefined));
      stream.once('error', () => finish('aborted'));
      stream.once('close', () => finish('aborted'));
    });
  }
}

/** A body as it comes. A sender that dribbles makes few large buffers of it, not one object a byte. */
class Chunks {
  readonly #whole: Buffer[] = [];
  #joined: Buffer | undefined;
  #joinedLength = 0;

  add(chunk: Buffer): void {
    if (chunk.length >= SMALL_CHUNK_BYTES || this.#whole.length < SMALL_CHUNKS) {
      this.#closeJoined();
      this.#whole.push(chunk.buffer.byteLength > MAX_PINNED_RATIO * chunk.length ? copyOf(chunk) : chunk);
      return;
    }
    if (this.#joined === undefined || this.#joinedLength + chunk.length > JOINED_BYTES) {
      this.#closeJoined();
      this.#joined = Buffer.allocUnsafeSlow(JOINED_BYTES);
    }
    this.#joinedLength += chunk.copy(this.#joined, this.#joinedLength);
  }

  take(): Buffer[] {
    this.#closeJoined();
    return this.#whole;
  }

  #closeJoined(): void {
    if (this.#joined !== undefined) this.#whole.push(this.#joined.subarray(0, this.#joinedLength));
    this.#joined = undefined;
    this.#joinedLength = 0;
  }
}

function copyOf(chunk: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(chunk.length);
  chunk.copy(copy);
  return copy;
}
