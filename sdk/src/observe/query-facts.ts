// What the text of a query tells, remembered: programs send the same few texts again and again, and to look one up costs a
// hundredth of reading it.
import { type Dialect, dialectOf } from './query-dialect.ts';
import { type QuerySummary, summaryOf } from './query-summary.ts';
import { shapeOf } from './query-text.ts';

/** What a text tells of a query. */
export interface QueryFacts extends QuerySummary {
  /** Without values; undefined where there is none. */
  readonly text?: string | undefined;
}

/** Texts of one language that are remembered; the oldest goes, and one in use comes back at the price of one reading. */
const MAX_KNOWN = 500;
const MAX_KNOWN_CHARS = 4000;

/** Reads a text, or remembers it. */
export type QueryReader = (text: string) => QueryFacts;

/** One for each language, whatever the names of its systems. Two copies of this module do no harm. */
const readers = new Map<Dialect, QueryReader>();

/** @param system `db.system.name` */
export function readerOf(system: string | undefined): QueryReader {
  const dialect = dialectOf(system);
  let reader = readers.get(dialect);
  if (reader === undefined) readers.set(dialect, (reader = makeReader(dialect)));
  return reader;
}

function makeReader(dialect: Dialect): QueryReader {
  const known = new Map<string, QueryFacts>();
  return (text) => {
    const found = known.get(text);
    if (found !== undefined) return found;
    const shape = shapeOf(text, dialect);
    const facts = { text: shape, ...summaryOf(shape, dialect) };
    if (text.length > MAX_KNOWN_CHARS) return facts;
    if (known.size >= MAX_KNOWN) known.delete(known.keys().next().value ?? '');
    known.set(text, facts);
    return facts;
  };
}

/**
 * Replaces every value in a query by `?` and takes out comments.
 *
 * Text in quotes, numbers, `TRUE` and `FALSE`, and placeholders become `?`; lists of them become one, and so do rows that
 * look alike. `NULL` stays. Never throws; takes time in proportion to the text, of which it reads the first 16 384
 * characters. At most 2048 characters come back, with an ellipsis where something was left out.
 *
 * @param text of any query language with quotes; of a value without quotes nothing tells that it is one
 * @param system `db.system.name`; without it double quotes are values, and so is all of which it is not clear where it ends
 * @returns the shape; the empty text for what is no text
 */
export function sanitizeQuery(text: string, system?: string): string {
  return typeof text === 'string' ? (readerOf(system)(text).text ?? '') : '';
}
