// Takes the values out of the text of a query, so that what is left is its shape and may be recorded. Knows words, quotes
// and numbers, no grammar: where a text can be read in two ways, the reading that leaves less of it wins.
import { MAX_SHAPE_CHARS, Shape, VALUE } from './query-shape.ts';

/** Characters of a text that are looked at; what comes after them is left out. */
export const MAX_QUERY_CHARS = 16_384;

/**
 * Replaces every value in a query by `?` and takes out comments.
 *
 * Text in quotes, numbers and placeholders become `?`; lists of them become one, and so do rows that look alike. `NULL`,
 * `TRUE` and `FALSE` stay. Never throws; takes time in proportion to the text, of which it reads the first 16 384
 * characters. At most 2048 characters come back, with an ellipsis where something was left out.
 *
 * @param text of any query language with quotes; of a value without quotes nothing tells that it is one
 * @param system `db.system.name`; without it double quotes are values, and all after a quote behind a backslash is one
 * @returns the shape; the empty text for what is no text
 */
export function sanitizeQuery(text: string, system?: string): string {
  if (typeof text !== 'string') return '';
  const dialect = dialectOf(system);
  const known = KNOWN.get(dialect) ?? new Map<string, string>();
  const found = known.get(text);
  if (found !== undefined) return found;
  const shape = shapeOf(text, dialect);
  if (text.length > MAX_KNOWN_CHARS) return shape;
  if (known.size >= MAX_KNOWN) known.delete(known.keys().next().value ?? '');
  known.set(text, shape);
  KNOWN.set(dialect, known);
  return shape;
}

/**
 * By dialect, texts that were seen, the oldest first: programs that use placeholders send the same few again and again, and
 * to look one up costs a hundredth of reading it. Two copies of this module do no harm.
 */
const KNOWN = new Map<Dialect, Map<string, string>>();
const MAX_KNOWN = 200;
const MAX_KNOWN_CHARS = 2048;

function shapeOf(text: string, dialect: Dialect): string {
  const read = text.length > MAX_QUERY_CHARS ? text.slice(0, MAX_QUERY_CHARS) : text;
  const shape = dialect.isCommand ? commandShape(read) : new Scan(read, dialect).run();
  const isWhole = read.length === text.length && shape.length <= MAX_SHAPE_CHARS;
  return (isWhole ? shape : `${shape.slice(0, MAX_SHAPE_CHARS - 1)}…`).toWellFormed();
}

/** What differs between query languages. */
interface Dialect {
  /** Whether a backslash takes the meaning from a quote; `unknown` where a text could mean either. */
  readonly backslash: 'escapes' | 'plain' | 'unknown';
  /** What double quotes are around. Names in JSON are what a colon follows; backticks and slashes are around values there. */
  readonly doubleQuoted: 'value' | 'identifier' | 'json';
  /** Whether square brackets are around names. */
  readonly hasBrackets?: boolean;
  /** A word and its arguments. */
  readonly isCommand: boolean;
}

const UNKNOWN: Dialect = { backslash: 'unknown', doubleQuoted: 'value', isCommand: false };
const STANDARD: Dialect = { backslash: 'plain', doubleQuoted: 'identifier', isCommand: false };
const BRACKETED: Dialect = { ...STANDARD, hasBrackets: true };
const MYSQL: Dialect = { backslash: 'escapes', doubleQuoted: 'value', isCommand: false };
const JSON_FILTER: Dialect = { backslash: 'escapes', doubleQuoted: 'json', isCommand: false };
const COMMAND: Dialect = { ...UNKNOWN, isCommand: true };

/** By `db.system.name`; older and shorter names of the same are taken as well. */
const DIALECTS: ReadonlyMap<string, Dialect> = new Map([
  ...['postgresql', 'postgres', 'cockroachdb', 'oracle.db', 'oracle'].map((name) => [name, STANDARD] as const),
  ...['sqlite', 'microsoft.sql_server', 'mssql'].map((name) => [name, BRACKETED] as const),
  ...['mysql', 'mariadb'].map((name) => [name, MYSQL] as const),
  ...['mongodb', 'elasticsearch', 'opensearch', 'couchdb', 'azure.cosmosdb'].map(
    (name) => [name, JSON_FILTER] as const,
  ),
  ...['redis', 'valkey', 'keydb', 'memcached'].map((name) => [name, COMMAND] as const),
]);

function dialectOf(system: string | undefined): Dialect {
  return (typeof system === 'string' && DIALECTS.get(system.toLowerCase())) || UNKNOWN;
}

/** Of a command only its first word is none of its arguments. */
function commandShape(text: string): string {
  const [, word, rest] = /^\s*([a-z][a-z_.|]{0,63})?(\s|\S)?/i.exec(text) ?? [];
  if (word === undefined) return text.trim() === '' ? '' : '?';
  if (rest !== undefined && !/\s/.test(rest)) return '?';
  return /\S/.test(text.slice(text.indexOf(word) + word.length)) ? `${word} ?` : word;
}

/** One text that is quoted, from its opening quote. No part of it can be matched in two ways, so time is linear. */
const BACKSLASH_ESCAPES: Readonly<Record<string, RegExp>> = {
  "'": /'(?:[^'\\]|''|\\[\s\S])*(?:'|$|\\$)/y,
  '"': /"(?:[^"\\]|""|\\[\s\S])*(?:"|$|\\$)/y,
};
const BACKSLASH_PLAIN: Readonly<Record<string, RegExp>> = {
  "'": /'(?:[^']|'')*(?:'|$)/y,
  '"': /"(?:[^"]|"")*(?:"|$)/y,
  '`': /`(?:[^`]|``)*(?:`|$)/y,
};
const WORD = /[\w$\x80-\uffff]+/y;
/** Begins with a digit or a point before one; what is glued to it, an exponent with its sign as well, is part of it. */
const NUMBER = /(?:[eE][+-]?(?=[0-9])|[\w.$\x80-\uffff])+/y;
const CLOSING: Readonly<Record<string, string>> = { '[': ']', '(': ')', '{': '}', '<': '>' };
/** A regular expression of JavaScript, up to the end of its line. */
const PATTERN = /\/(?:[^\\/\n]|\\[^\n]|\\$)*(?:\/[a-z]*|$|(?=\n))/y;
const BRACKETED_NAME = /\[(?:[^\]]|\]\])*(?:\]|$)/y;
const DOLLAR_TAG = /\$(?:[\p{L}_][\p{L}\p{N}_]{0,62})?\$/uy;

/** What stands at a place; nothing stands behind the end. */
function isSpace(char: string): boolean {
  return char !== '' && (char <= ' ' || char === '\u{7f}' || (char > '\u{7f}' && /[\s\p{Cc}]/u.test(char)));
}

function isDigit(char: string): boolean {
  return char >= '0' && char <= '9';
}

function startsWord(char: string): boolean {
  return (
    (char >= 'a' && char <= 'z') || (char >= 'A' && char <= 'Z') || char === '_' || char === '$' || char > '\u{7f}'
  );
}

/** One pass over one text. */
class Scan {
  readonly #text: string;
  readonly #dialect: Dialect;
  #at = 0;
  #isSpaced = false;
  readonly #shape = new Shape();

  constructor(text: string, dialect: Dialect) {
    this.#text = text;
    this.#dialect = dialect;
  }

  run(): string {
    while (this.#at < this.#text.length) this.#step();
    return this.#shape.text();
  }

  #step(): void {
    const text = this.#text;
    const char = text[this.#at] ?? '';
    const next = text[this.#at + 1] ?? '';
    if (isSpace(char)) return this.#skip(1);
    if (char === '-' && next === '-') return this.#skipTo('\n');
    // Glued to a word it begins a comment in MySQL alone, and the name of a temporary table elsewhere.
    if (char === '#' && (next === '' || isSpace(next) || this.#dialect === MYSQL)) return this.#skipTo('\n');
    if (char === '/' && next === '*') return this.#skipComment();
    // Of other languages than SQL; in SQL it divides nothing by nothing.
    if (char === '/' && next === '/') return this.#skipTo('\n');
    if (char === '/' && this.#dialect.doubleQuoted === 'json' && !this.#shape.endsInWord)
      return this.#value(this.#match(PATTERN).length);
    if (char === '[' && this.#dialect.hasBrackets === true && startsWord(next)) return this.#bracketed();
    if (char === "'" && !this.#isSpaced && this.#shape.endsInPrefix('q', 'nq')) return this.#delimited();
    if (char === "'" || char === '"' || char === '`') return this.#quoted(char);
    if (char === '$' && this.#dollarQuoted()) return;
    if (isDigit(char) || (char === '.' && isDigit(next) && !this.#isGlued())) return this.#number();
    if (char === '?') return this.#placeholder(/\?[0-9]*/y);
    if (char === '$' && isDigit(next)) return this.#placeholder(/\$[0-9]+/y);
    if ((char === ':' || char === '@') && !this.#isGlued() && next !== char && startsWord(next))
      return this.#placeholder(/[:@][\w$\x80-\uffff]+/y);
    if (startsWord(char)) return this.#word();
    if (char === ':' && next === ':') return this.#put('::', 2);
    this.#put(char, 1);
  }

  /** Whether what comes belongs to what was read before it, as `b` does in `a:b`. */
  #isGlued(): boolean {
    return !this.#isSpaced && this.#shape.endsInWord;
  }

  #skip(chars: number): void {
    this.#at += chars;
    this.#isSpaced = true;
  }

  #skipTo(end: string): void {
    const found = this.#text.indexOf(end, this.#at);
    this.#skip((found < 0 ? this.#text.length : found + end.length) - this.#at);
  }

  /** Comments nest in some languages and not in others; nested, more of the text is comment. */
  #skipComment(): void {
    const marks = /\/\*|\*\//g;
    marks.lastIndex = this.#at;
    let depth = 0;
    for (let mark = marks.exec(this.#text); mark !== null; mark = marks.exec(this.#text)) {
      depth += mark[0] === '/*' ? 1 : -1;
      if (depth === 0) return this.#skip(marks.lastIndex - this.#at);
    }
    this.#skip(this.#text.length - this.#at);
  }

  #quoted(quote: string): void {
    const { backslash, doubleQuoted } = this.#dialect;
    const isEscaping = quote !== '`' && (backslash === 'escapes' || (quote === "'" && this.#shape.endsInPrefix('e')));
    const found = this.#match((isEscaping ? BACKSLASH_ESCAPES : BACKSLASH_PLAIN)[quote] as RegExp);
    const isClosed = found.length > 1 && found.endsWith(quote);
    const isNameQuote =
      quote === '`' ? doubleQuoted !== 'json' : quote === '"' && this.#isName(doubleQuoted, found.length);
    if (isNameQuote && isClosed) return this.#put(found, found.length);
    // Where the quote may have been meant for the text, so may everything behind it; three of them may begin one text.
    const mayEndLater = found.includes('\\') || found.startsWith(quote.repeat(3));
    const isUnsure = quote !== '`' && !isEscaping && backslash === 'unknown' && mayEndLater;
    if (!this.#isSpaced) this.#isSpaced = this.#shape.dropPrefix();
    this.#value(isUnsure ? this.#text.length - this.#at : found.length);
  }

  #isName(doubleQuoted: Dialect['doubleQuoted'], length: number): boolean {
    if (doubleQuoted !== 'json') return doubleQuoted === 'identifier';
    // A key: at most a few blanks between it and its colon.
    return /^\s{0,8}:/.test(this.#text.slice(this.#at + length, this.#at + length + 9));
  }

  /** Oracle's `q'[text]'`, whose delimiter may be anything. */
  #delimited(): void {
    const delimiter = this.#text[this.#at + 1] ?? '';
    const end = this.#text.indexOf(`${CLOSING[delimiter] ?? delimiter}'`, this.#at + 2);
    this.#isSpaced = this.#shape.dropPrefix();
    this.#value((end < 0 ? this.#text.length : end + 2) - this.#at);
  }

  #bracketed(): void {
    const name = this.#match(BRACKETED_NAME);
    if (name.endsWith(']')) this.#put(name, name.length);
    else this.#value(name.length);
  }

  /** `$$text$$` and `$tag$text$tag$`. */
  #dollarQuoted(): boolean {
    const tag = this.#match(DOLLAR_TAG);
    if (tag === '') return false;
    const end = this.#text.indexOf(tag, this.#at + tag.length);
    this.#value((end < 0 ? this.#text.length : end + tag.length) - this.#at);
    return true;
  }

  #number(): void {
    if (!this.#isSpaced) this.#isSpaced = this.#shape.dropSign();
    this.#value(Math.max(1, this.#match(NUMBER).length));
  }

  #placeholder(pattern: RegExp): void {
    this.#value(Math.max(1, this.#match(pattern).length));
  }

  #word(): void {
    const word = this.#match(WORD);
    this.#put(word === '' ? (this.#text[this.#at] ?? '') : word, Math.max(1, word.length));
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    return pattern.exec(this.#text)?.[0] ?? '';
  }

  #value(chars: number): void {
    this.#shape.add(VALUE, this.#isSpaced);
    this.#at += chars;
    this.#isSpaced = false;
  }

  #put(token: string, chars: number): void {
    this.#shape.add(token, this.#isSpaced);
    this.#at += chars;
    this.#isSpaced = false;
  }
}
