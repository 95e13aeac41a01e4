// Finds where a zstd frame ends by walking its block headers; nothing is decompressed.
// @see RFC 8878, section 3.1
import { Malformed } from '../otlp/malformed.ts';

const FRAME_MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;
const CONTENT_SIZE_BYTES = [0, 2, 4, 8];
const DICTIONARY_BYTES = [0, 1, 2, 4];

/** Length of the frame at `start`. @throws Malformed where there is none, or it is cut */
export function zstdFrameLength(bytes: Buffer, start: number): number {
  const need = (p: number, count: number): void => {
    if (p + count > bytes.length) throw new Malformed('compression', -1, 'zstd frame is cut');
  };
  need(start, 8);
  const magic = bytes.readUInt32LE(start);
  if (magic >>> 4 === SKIPPABLE_MAGIC >>> 4) {
    const length = 8 + bytes.readUInt32LE(start + 4);
    need(start, length);
    return length;
  }
  if (magic !== FRAME_MAGIC) throw new Malformed('compression', -1, 'no zstd frame');
  const descriptor = bytes[start + 4] ?? 0;
  const isSingleSegment = (descriptor & 32) !== 0;
  const sizeFlag = descriptor >> 6;
  let p = start + 5 + (isSingleSegment ? 0 : 1) + (DICTIONARY_BYTES[descriptor & 3] ?? 0);
  p += sizeFlag === 0 ? (isSingleSegment ? 1 : 0) : (CONTENT_SIZE_BYTES[sizeFlag] ?? 0);
  for (let isLast = false; !isLast;) {
    need(p, 3);
    const header = bytes.readUIntLE(p, 3);
    isLast = (header & 1) !== 0;
    const type = (header >> 1) & 3;
    if (type === 3) throw new Malformed('compression', -1, 'reserved zstd block');
    // A run-length block stores one byte, whatever it stands for.
    p += 3 + (type === 1 ? 1 : header >> 3);
  }
  if ((descriptor & 4) !== 0) p += 4;
  need(start, p - start);
  return p - start;
}
