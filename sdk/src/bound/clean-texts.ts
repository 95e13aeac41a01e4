// Remembers texts in which no secret was found: routes, hosts and methods come with each span, and to look for secrets in
// them is the dearest part of an export.

/** A power of two; each place has the text that came last. */
const PLACES = 1024;

/** Longer ones seldom come again. */
const MAX_LENGTH = 256;

/** One of so many that are not known is remembered: of what comes once there is nothing to be had. */
const ONE_OF = 8;

export interface CleanTexts {
  /** Whether it was found clean. */
  has(text: string): boolean;
  /** May be remembered as clean. */
  offer(text: string): void;
}

/** Takes at most half a megabyte. */
export function createCleanTexts(): CleanTexts {
  const texts: string[] = Array.from({ length: PLACES }, () => '');
  let offers = 0;
  return {
    has: (text) => text.length <= MAX_LENGTH && texts[placeOf(text)] === text,
    offer(text) {
      if (text.length > MAX_LENGTH || offers++ % ONE_OF !== 0) return;
      // A copy: a part of a text keeps the whole of it in memory.
      texts[placeOf(text)] = ` ${text}`.slice(1);
    },
  };
}

/** By a few of its characters. */
function placeOf(text: string): number {
  const { length } = text;
  const few = text.charCodeAt(length - 1) + 31 * text.charCodeAt(length >> 1) + 961 * text.charCodeAt(length >> 2);
  return (few + 7 * length + 131 * text.charCodeAt(0)) & (PLACES - 1);
}
