// The key of a series: a few small ints.
import { MAX_DIMENSIONS } from '../otlp/span-batch.ts';

/** Ints of a series' key: service, name, kind and status and estimate packed, dimensions. */
export const KEY_WIDTH = 3 + MAX_DIMENSIONS;

/** Bit of the packed ints of a key: counts are adjusted by the sampling threshold the spans came with. */
export const ESTIMATED = 32;
/** Of an overflow series; outside what kind, status and estimate can make. */
export const OVERFLOW = 64;
/** The spans are of an instance that counts them itself. */
export const SELF_COUNTED = 128;

/** Mixes the first `width` ints into 32 bits, signed. */
export function hashKey(key: Int32Array, width: number): number {
  let hash = key[0];
  for (let i = 1; i < width; i++) {
    hash = Math.imul(hash ^ (hash >>> 15), 0x9e3779b1) ^ key[i];
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x21f0aaad);
  return hash ^ (hash >>> 15);
}
