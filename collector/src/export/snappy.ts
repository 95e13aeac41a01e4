// Snappy's block format (docs/adr/023), with the types that its library does not bring.
import { createRequire } from 'node:module';

interface Snappy {
  compress(bytes: Uint8Array): Uint8Array;
  /** @throws where the bytes are no Snappy */
  uncompress(bytes: Uint8Array): Uint8Array;
}

export const snappy = createRequire(import.meta.url)('snappyjs') as Snappy;
