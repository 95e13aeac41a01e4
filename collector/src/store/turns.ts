// Work that takes long, done in turns, so that short questions and kept traces are served in between.

/** Spans looked at in one turn: about a millisecond, two where they are written as JSON. */
const SPANS_A_TURN = 500;

/** Yields where somebody else may be served. */
export type Turns<T> = Generator<undefined, T, undefined>;

/** Walks along many items and yields after every few hundred of them, and at the end. */
export function* inTurns<T>(items: Iterable<T>, each: (item: T) => void): Turns<void> {
  let done = 0;
  for (const item of items) {
    each(item);
    if (++done % SPANS_A_TURN === 0) yield;
  }
  yield;
}
