// Turns the text of a README into hashed term counts. Pure.

/** Length of every vector: with ~250 READMEs of ~300 distinct words few of the telling words collide. */
export const DIMENSIONS = 4096;

/** Words longer than this are data (hashes, encoded badges), not language. */
const MAX_WORD_LENGTH = 32;

/** Words that occur in nearly every README and tell nothing apart. */
const STOP_WORDS = new Set(
  (
    'a an and are as at be but by can for from has have if in into is it its may not of on or that the then this to ' +
    'use used using was when which will with you your how what do does i me my which package library npm install'
  ).split(' '),
);

/** Signed counts by dimension; the sign comes from the hash, so that collisions cancel out instead of adding up. */
export type TermCounts = ReadonlyMap<number, number>;

/** Splits a text into lower-case words; markup, addresses and stop words are left out. */
export function splitWords(text: string): string[] {
  const prose = text.replace(/<[^<>]*>|https?:[^\s)>\]]+/g, ' ').toLowerCase();
  const words = prose.match(/[a-z][a-z0-9]+/g) ?? [];
  return words.filter((word) => word.length <= MAX_WORD_LENGTH && !STOP_WORDS.has(word));
}

/**
 * Counts the words of a text by hashed dimension, 0 to DIMENSIONS - 1.
 *
 * @see Weinberger et al. 2009, Feature Hashing for Large Scale Multitask Learning (the signed hash)
 */
export function countTerms(text: string): TermCounts {
  const counts = new Map<number, number>();
  for (const word of splitWords(text)) {
    const hash = fnv1a(word);
    const dimension = hash % DIMENSIONS;
    const sign = hash >>> 31 === 0 ? 1 : -1;
    counts.set(dimension, (counts.get(dimension) ?? 0) + sign);
  }
  return counts;
}

/** FNV-1a, 32 bit, over UTF-16 units; words are ASCII here. @see RFC 9923 */
function fnv1a(word: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < word.length; at++) hash = Math.imul(hash ^ word.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}
