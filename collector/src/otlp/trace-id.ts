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
  const hex = (word: number): string => word.toString(16).padStart(8, '0');
  return hex(id0) + hex(id1) + hex(id2) + hex(id3);
}
