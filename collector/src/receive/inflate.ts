// Decompression with a limit that holds before the memory is spent.
import { promisify } from 'node:util';
import { gunzip, gunzipSync, zstdDecompress, zstdDecompressSync } from 'node:zlib';
import { Malformed } from '../otlp/malformed.ts';
import { zstdFrameLength } from './zstd-frames.ts';

/** Content encodings this receiver takes. */
export type ContentEncoding = 'identity' | 'gzip' | 'zstd';

/** Up to here the thread hop of the asynchronous form costs more than it frees. */
const SYNC_OUTPUT_BYTES = 1024 * 1024;
const SYNC_INPUT_BYTES = 256 * 1024;

/** Parallel compressors write a frame a megabyte or so; an empty frame costs 100 µs and counts towards no other limit. */
const MAX_ZSTD_FRAMES = 1024;

/** A body that inflates beyond the limit. */
export class TooLarge extends Error {}

const gunzipAsync = promisify(gunzip);
const zstdAsync = promisify(zstdDecompress);

/**
 * Tries to inflate a small body at once.
 *
 * @returns undefined where the output turns out larger than is good for the event loop
 * @throws Malformed with reason `compression`, TooLarge
 */
export function inflateSmall(body: Buffer, encoding: ContentEncoding, maxBytes: number): Buffer | undefined {
  if (encoding === 'identity') return body;
  if (body.length > SYNC_INPUT_BYTES) return undefined;
  const maxOutputLength = Math.min(maxBytes, SYNC_OUTPUT_BYTES);
  try {
    if (encoding === 'zstd') {
      if (zstdFrameLength(body, 0) !== body.length) return undefined;
      return zstdDecompressSync(body, { maxOutputLength });
    }
    // The trailer claims the size: one allocation where it is honest, and never more than the limit where not.
    const claimed = body.length >= 4 ? body.readUInt32LE(body.length - 4) : 0;
    const chunkSize = Math.max(64, Math.min(claimed + 1, maxOutputLength));
    return gunzipSync(body, { maxOutputLength, chunkSize });
  } catch (error) {
    if (isOverLimit(error) && maxOutputLength < maxBytes) return undefined;
    throw translate(error);
  }
}

/** Inflates off the event loop. @throws Malformed with reason `compression`, TooLarge */
export async function inflateLarge(body: Buffer, encoding: ContentEncoding, maxBytes: number): Promise<Buffer> {
  try {
    if (encoding === 'identity') return body;
    if (encoding === 'gzip') return await gunzipAsync(body, { maxOutputLength: maxBytes });
    return await inflateZstdFrames(body, maxBytes);
  } catch (error) {
    throw translate(error);
  }
}

/** The zlib binding silently stops after the first frame, so each is handed over on its own. */
async function inflateZstdFrames(body: Buffer, maxBytes: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let left = maxBytes;
  for (let p = 0, frames = 0; p < body.length; frames++) {
    if (frames === MAX_ZSTD_FRAMES) throw new Malformed('compression', -1, 'too many zstd frames');
    const length = zstdFrameLength(body, p);
    const part = await zstdAsync(body.subarray(p, p + length), { maxOutputLength: Math.max(left, 1) });
    left -= part.length;
    if (left < 0) throw new TooLarge();
    parts.push(part);
    p += length;
  }
  return Buffer.concat(parts);
}

function isOverLimit(error: unknown): boolean {
  return error instanceof RangeError && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
}

function translate(error: unknown): Error {
  if (error instanceof Malformed || error instanceof TooLarge) return error;
  if (isOverLimit(error)) return new TooLarge();
  return new Malformed('compression', -1, error instanceof Error ? error.message : '');
}
