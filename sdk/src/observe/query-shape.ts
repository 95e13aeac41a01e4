// The shape of a query while it is read: tokens, in which lists and rows that are alike fold as they close.

/** Characters of a sanitised text. */
export const MAX_SHAPE_CHARS = 2048;

/** What stands for every value. */
export const VALUE = '?';

/** Letters before a quote that belong to the text: hexadecimal, bits, national, escapes, a character set. */
const PREFIX = /^(?:x|b|n|e|r|u|q|nq|_[a-z0-9]+)$/i;
const BEFORE_NAMES = new Set(['.', 'as', 'join', 'into', 'update', 'table', 'view', 'index', 'exists', 'references']);
/** What a bracket around a query begins with. */
const QUERIES = new Set(['select', 'delete', 'with']);
/** Rows longer than this, in tokens, are not compared. */
const MAX_ROW = 64;

/** Tokens of a shape while it grows. */
export class Shape {
  readonly #tokens: string[] = [];
  readonly #spaced: boolean[] = [];
  /** Places of brackets that are open. */
  readonly #open: number[] = [];
  /** By the place of a bracket that closes, that of the one it closes. */
  readonly #from: number[] = [];

  get endsInWord(): boolean {
    const last = this.#tokens.at(-1) ?? '';
    return last === VALUE || /[\p{L}\p{N}_$"'`\])]$/u.test(last);
  }

  /** @param tokens in lower case */
  endsIn(...tokens: readonly string[]): boolean {
    return tokens.includes(this.#lower(-1));
  }

  /** Whether nothing but a name can follow, in SQL. */
  get endsBeforeName(): boolean {
    const last = this.#lower(-1);
    if (last !== 'from') return BEFORE_NAMES.has(last);
    // Not that of IS DISTINCT FROM and of functions, as in TRIM(… FROM …).
    const open = this.#open.at(-1);
    return this.#lower(-2) !== 'distinct' && (open === undefined || QUERIES.has(this.#lower(open + 1)));
  }

  #lower(at: number): string {
    return this.#tokens.at(at)?.toLowerCase() ?? '';
  }

  /** Takes off what belongs to the text in quotes that follows. @returns whether there was a blank before it */
  dropPrefix(): boolean {
    const [before = '', last = ''] = [this.#tokens.at(-2), this.#tokens.at(-1)];
    const length = last === '&' && /^u$/i.test(before) ? 2 : PREFIX.test(last) ? 1 : 0;
    const isSpaced = length > 0 && this.#spaced.at(-length) === true;
    this.#drop(length);
    return isSpaced;
  }

  /** Takes off a sign where nothing is before it that could be added to. @returns whether there was a blank before it */
  dropSign(): boolean {
    const [sign = '', before = ''] = [this.#tokens.at(-1), this.#tokens.at(-2)];
    if ((sign !== '-' && sign !== '+') || !/^[=<>(,[*/%+-]$/.test(before)) return false;
    const isSpaced = this.#spaced.at(-1) === true;
    this.#drop(1);
    return isSpaced;
  }

  add(token: string, isSpaced: boolean): void {
    if (token === VALUE && this.#tokens.at(-1) === ',' && this.#tokens.at(-2) === VALUE) return this.#drop(1);
    // Texts that follow each other are one.
    if (token === VALUE && this.#tokens.at(-1) === VALUE) return;
    if (token === '(' || token === '[' || token === '{') this.#open.push(this.#tokens.length);
    this.#tokens.push(token);
    this.#spaced.push(isSpaced);
    if (token === ')' || token === ']' || token === '}') this.#close();
  }

  text(): string {
    while (this.#tokens.at(-1) === ';') this.#drop(1);
    let text = '';
    for (const [i, token] of this.#tokens.entries()) {
      const before = this.#tokens[i - 1] ?? '';
      const isTight = i === 0 || token === ',' || token === ')' || token === ']' || before === '(' || before === '[';
      text += !isTight && (this.#spaced[i] === true || before === ',') ? ` ${token}` : token;
      if (text.length > MAX_SHAPE_CHARS) break;
    }
    return text;
  }

  /** A row that is like the one before it goes. */
  #close(): void {
    const from = this.#open.pop();
    if (from === undefined) return;
    const size = this.#tokens.length - from;
    const previous = this.#tokens[from - 1] === ',' ? this.#from[from - 2] : undefined;
    const isNext = previous !== undefined && from - 1 - previous === size && size <= MAX_ROW;
    if (isNext && this.#isAlike(previous, from, size)) this.#drop(size + 1);
    else this.#from[this.#tokens.length - 1] = from;
  }

  #isAlike(first: number, second: number, size: number): boolean {
    for (let i = 0; i < size; i++) if (this.#tokens[first + i] !== this.#tokens[second + i]) return false;
    return true;
  }

  #drop(tokens: number): void {
    this.#tokens.length -= tokens;
    this.#spaced.length -= tokens;
    if (this.#from.length > this.#tokens.length) this.#from.length = this.#tokens.length;
  }
}
