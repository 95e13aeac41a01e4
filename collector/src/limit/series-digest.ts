// Names of series as 256-bit digests: short, of one length, and not to be guessed, so that nobody can make two collide.
import { hash } from 'node:crypto';
import type { StreamKey } from './stream-table.ts';

/** Makes digests of texts. */
export type Digest = (text: string) => string;

/** @param secret of this run */
export function digestOf(secret: string): Digest {
  // A prefix is enough of a key where digests are never shown: nobody sees one to extend it.
  return (text) => hash('sha256', secret + text, 'binary');
}

/** The first 128 bits of a digest, as the key of a record. */
export function streamKey(digest: string): StreamKey {
  return [word(digest, 0), word(digest, 4), word(digest, 8), word(digest, 12)];
}

/** 53 other bits of a digest, as sketches take them. */
export function sketchHash(digest: string): number {
  return word(digest, 16) * 2 ** 21 + (word(digest, 20) >>> 11);
}

function word(digest: string, at: number): number {
  return (
    (digest.charCodeAt(at) |
      (digest.charCodeAt(at + 1) << 8) |
      (digest.charCodeAt(at + 2) << 16) |
      (digest.charCodeAt(at + 3) << 24)) >>>
    0
  );
}
