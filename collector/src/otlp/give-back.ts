// Gives the memory of a body back as soon as it is read or sent, instead of at some later garbage collection: what sockets read
// is many times what lives, and would be most of the process under load.

/** Below this the call costs more than the memory is worth. */
const LEAST_BYTES = 32 * 1024;

/**
 * Frees chunks that nobody reads any more; they are empty afterwards.
 *
 * Only a chunk that has its memory for itself is freed: one that is a part of something larger may have neighbours, such
 * as the next request on the same connection.
 */
export function giveBack(chunks: readonly Buffer[]): void {
  for (const { buffer, byteOffset, byteLength } of chunks) {
    if (byteLength < LEAST_BYTES || byteOffset !== 0 || byteLength !== buffer.byteLength) continue;
    // Detaches the memory from every view of it and lets go of it.
    if (buffer instanceof ArrayBuffer) buffer.transfer(0);
  }
}

/**
 * Frees bytes that were made for their only reader, as an inflated body or an encoded one; there may be room behind
 * them.
 */
export function giveBackWhole({ buffer, byteOffset, byteLength }: Uint8Array): void {
  // What Node takes from its pool is smaller than this, and has neighbours.
  if (byteLength < LEAST_BYTES || byteLength < Buffer.poolSize >>> 1 || byteOffset !== 0) return;
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}
