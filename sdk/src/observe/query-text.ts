// Takes the values out of the text of a query, so that what is left is its shape and may be recorded. Knows words, quotes
// and numbers, no grammar: where a text can be read in two ways, the reading that leaves less of it wins.
import type { Dialect } from './query-dialect.ts';
import { MAX_SHAPE_CHARS, Shape, VALUE } from './query-shape.ts';

/** Characters of a text that are looked at; what comes after them is left out. */
const MAX_QUERY_CHARS = 16_384;

/** The text without values, as `sanitizeQuery` says. @see OpenTelemetry semantic conventions 1.45, `db.query.text` */
export function shapeOf(text: string, dialect: Dialect): string {
  const read = text.length > MAX_QUERY_CHARS ? text.slice(0, MAX_QUERY_CHARS) : text;
  const shape = dialect.isCommand === true ? commandShape(read) : new Scan(read, dialect).run();
  const isWhole = read.length === text.length && shape.length <= MAX_SHAPE_CHARS;
  return (isWhole ? shape : `${shape.slice(0, MAX_SHAPE_CHARS - 1)}…`).toWellFormed();
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
/**
 * Begins with a digit, a point before one or the sign of a currency; what is glued to it, an exponent with its sign as well,
 * is part of it, but for what begins a text between dollars.
 */
const NUMBER = /\p{Sc}?(?:[eE][+-]?(?=[0-9])|[\w.\u{80}-\u{10ffff}]|\$(?![\w\u{80}-\u{10ffff}]{0,62}\$))+/uy;
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
    if (char === '/' && next === '*') return this.#skipComment();
    if ((char === '-' || char === '#' || char === '/') && this.#match(this.#dialect.lineComment) !== '')
      return this.#skipTo('\n');
    if (char === '/' && this.#dialect.doubleQuoted === 'json' && !this.#shape.endsInWord)
      return this.#value(this.#match(PATTERN).length);
    if (char === '[' && this.#dialect.hasBrackets === true) return this.#bracketed();
    if (char === "'" && !this.#isSpaced && this.#shape.endsIn('q', 'nq')) return this.#delimited();
    if (char === "'" || char === '"' || char === '`') return this.#quoted(char);
    if (char === '$' && this.#dollarQuoted()) return;
    if (isDigit(next) && (char === '$' || (char > '\u{7f}' && /\p{Sc}/u.test(char)))) return this.#number();
    if (isDigit(char) || (char === '.' && isDigit(next) && !this.#isGlued())) return this.#number();
    if (char === '?') return this.#placeholder(/\?[0-9]*/y);
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

  #skipComment(): void {
    const { comments } = this.#dialect;
    const marks = /\/\*|\*\//g;
    marks.lastIndex = this.#at + 2;
    let depth = 1;
    for (let mark = marks.exec(this.#text); mark !== null; mark = marks.exec(this.#text)) {
      if (mark[0] === '*/') depth--;
      else if (comments === 'nested') depth++;
      // Where it ends cannot be told.
      else if (comments === 'unknown') break;
      if (depth === 0) return this.#skip(marks.lastIndex - this.#at);
    }
    this.#skip(this.#text.length - this.#at);
  }

  #quoted(quote: string): void {
    const { backslash, doubleQuoted, hasEscapePrefix = false } = this.#dialect;
    const isPrefixed = hasEscapePrefix && quote === "'" && !this.#isSpaced && this.#shape.endsIn('e', 'b');
    const isEscaping = quote !== '`' && (backslash === 'escapes' || isPrefixed);
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
    if (doubleQuoted === 'name' || doubleQuoted === 'value') return doubleQuoted === 'name';
    // At most a few blanks are looked beyond.
    const [next = ''] = /\S+/.exec(this.#text.slice(this.#at + length, this.#at + length + 9)) ?? [];
    if (doubleQuoted === 'unclear') return next.startsWith('.') || this.#shape.endsBeforeName;
    // A key; a colon comes after a value as well, in choices and casts.
    return /^:(?!:)/.test(next) && this.#shape.endsIn('{', ',');
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
    if (/^(?:true|false)$/i.test(word) && !this.#isGlued() && !this.#shape.endsIn('.')) return this.#value(word.length);
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
