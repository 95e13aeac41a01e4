// How request bodies are compressed.
import { promisify } from 'node:util';
import { gzip, zstdCompress, zstdDecompress } from 'node:zlib';

export const compressors = {
  // Level 1: the level above costs twice the CPU for a few per cent of size.
  gzip: (body: Uint8Array) => promisify(gzip)(body, { level: 1 }),
  zstd: (body: Uint8Array) => promisify(zstdCompress)(body),
};

/** Undoes `zstd`. */
export function unpacked(body: Uint8Array): Promise<Uint8Array> {
  return promisify(zstdDecompress)(body);
}
