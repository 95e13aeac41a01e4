// What a 128-bit trace id, as four words, gives: its text and its randomness.

/** The upper 28 of a trace id's low 56 bits, which W3C trace context level 2 makes random. */
export function idRandomHigh(id2: number, id3: number): number {
  return ((id2 & 0xffffff) << 4) | (id3 >>> 28);
}

/** The lower 28 of them. */
export function idRandomLow(id3: number): number {
  return id3 & 0xfffffff;
}

/** 32 lower-case hexadecimal digits. */
export function hexId(id0: number, id1: number, id2: number, id3: number): string {
  return hexWord(id0) + hexWord(id1) + hexWord(id2) + hexWord(id3);
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

function hexWord(word: number): string {
  return HEX[word >>> 24] + HEX[(word >>> 16) & 255] + HEX[(word >>> 8) & 255] + HEX[word & 255];
}
