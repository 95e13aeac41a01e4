// Text that outlives the answer it was read from.

/** The engine copies pieces shorter than this; longer ones keep the whole answer in memory. */
const COPIED_LENGTH = 13;

/** A copy of a piece of text. */
export function ownText(text: string): string {
  return text.length < COPIED_LENGTH ? text : Buffer.from(text, 'utf8').toString('utf8');
}
