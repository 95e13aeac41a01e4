// Reads the pieces of which lines of both text formats consist: names, labels, numbers. One string, one place in it.
import { ScrapeFault } from './fault.ts';

/** Name and labels of a sample, as written and in that order. */
export interface Head {
  readonly name: string;
  readonly labels: readonly (readonly [name: string, value: string])[];
}

const TAB = 9;
const LINE_FEED = 10;
const SPACE = 32;
const QUOTE = 34;
const HASH = 35;
const PLUS = 43;
const COMMA = 44;
const MINUS = 45;
const DOT = 46;
const EQUALS = 61;
const OPEN = 123;
const CLOSE = 125;
const BACKSLASH = 92;

/** Below it a decimal mantissa and a power of ten are doubles without error, so one operation on them rounds rightly. */
const EXACT_MANTISSA = 2 ** 53;
const POWERS = Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const INFINITY = /^([+-]?)inf(?:inity)?$/i;

export class Cursor {
  readonly text: string;
  at = 0;

  constructor(text: string) {
    this.text = text;
  }

  /** Skips blanks within a line. @returns the code that follows; NaN at the end */
  skipBlanks(): number {
    let code = this.text.charCodeAt(this.at);
    while (code === SPACE || code === TAB) code = this.text.charCodeAt(++this.at);
    return code;
  }

  /** Tells whether the line ends here. */
  get isAtEnd(): boolean {
    return this.at >= this.text.length || this.text.charCodeAt(this.at) === LINE_FEED;
  }

  get isAtComment(): boolean {
    return this.text.charCodeAt(this.at) === HASH;
  }

  /** Moves behind the end of the line. @throws where something is left on it */
  endLine(): void {
    this.skipBlanks();
    if (!this.isAtEnd) throw this.fault('text after a value');
    this.at++;
  }

  /** Moves to the end of the line. @returns what was left on it */
  rest(): string {
    const end = this.lineEnd();
    const text = this.text.slice(this.at, end);
    this.at = end;
    return text;
  }

  lineEnd(): number {
    const end = this.text.indexOf('\n', this.at);
    return end < 0 ? this.text.length : end;
  }

  /** A name of a metric, bare or in quotes. */
  metricName(): string {
    return this.text.charCodeAt(this.at) === QUOTE ? this.quoted() : this.#bare(true);
  }

  /** Name and labels of a sample. A quoted name stands first within the braces. */
  head(): Head {
    let name = this.text.charCodeAt(this.at) === OPEN ? '' : this.#bare(true);
    if (this.skipBlanks() !== OPEN) return { name, labels: [] };
    this.at++;
    const labels: [string, string][] = [];
    while (this.skipBlanks() !== CLOSE) {
      const isQuoted = this.text.charCodeAt(this.at) === QUOTE;
      const label = isQuoted ? this.quoted() : this.#bare(false);
      if (this.skipBlanks() === EQUALS) {
        this.at++;
        if (this.skipBlanks() !== QUOTE) throw this.fault('a label without a quoted value');
        labels.push([label, this.quoted()]);
      } else if (isQuoted && name === '') name = label;
      else throw this.fault('a label without a value');
      const next = this.skipBlanks();
      if (next === COMMA) this.at++;
      else if (next !== CLOSE) throw this.fault('labels without an end');
    }
    this.at++;
    if (name === '') throw this.fault('a sample without a name');
    return { name, labels };
  }

  /** Only the labels of an exemplar. */
  labels(): Head['labels'] {
    if (this.text.charCodeAt(this.at) !== OPEN) throw this.fault('an exemplar without labels');
    // A name would be an error here, so one is lent to the braces.
    const from = this.at;
    const inner = new Cursor(`x${this.text.slice(from, this.lineEnd())}`);
    const { name, labels } = inner.head();
    if (name !== 'x') throw this.fault('an exemplar with a name');
    this.at = from + inner.at - 1;
    return labels;
  }

  /** Text in quotes. `\\`, `\"` and `\n` are escapes, other backslashes stand for themselves. */
  quoted(): string {
    const { text } = this;
    const from = ++this.at;
    let hasEscapes = false;
    for (;;) {
      const code = text.charCodeAt(this.at);
      if (code === QUOTE) break;
      if (Number.isNaN(code) || code === LINE_FEED) throw this.fault('a quote without an end');
      if (code === BACKSLASH) {
        hasEscapes = true;
        this.at++;
      }
      this.at++;
    }
    const raw = text.slice(from, this.at++);
    return hasEscapes ? unescape(raw) : raw;
  }

  #bare(isMetric: boolean): string {
    const { text } = this;
    const from = this.at;
    for (let code = text.charCodeAt(this.at); isNameCode(code, isMetric, this.at > from);)
      code = text.charCodeAt(++this.at);
    if (this.at === from) throw this.fault(isMetric ? 'no name of a metric' : 'no name of a label');
    return text.slice(from, this.at);
  }

  /** A number as Prometheus writes it: decimal, `NaN`, `+Inf`, `-Inf` in any case; no hexadecimal, no separators. */
  number(): number {
    const { text } = this;
    const from = this.at;
    let p = from;
    let code = text.charCodeAt(p);
    const isNegative = code === MINUS;
    if (isNegative || code === PLUS) code = text.charCodeAt(++p);
    let mantissa = 0;
    let scale = 0;
    let digits = 0;
    for (let isFraction = false; ; code = text.charCodeAt(++p)) {
      if (code >= 48 && code <= 57) {
        mantissa = mantissa * 10 + (code - 48);
        digits++;
        if (isFraction) scale++;
      } else if (code === DOT && !isFraction) isFraction = true;
      else break;
    }
    const isOver = Number.isNaN(code) || code === SPACE || code === LINE_FEED || code === TAB;
    if (!isOver || digits === 0 || mantissa >= EXACT_MANTISSA || scale > 22) return this.#slowNumber(from);
    this.at = p;
    const value = scale === 0 ? mantissa : mantissa / (POWERS[scale] ?? 1);
    return isNegative ? -value : value;
  }

  #slowNumber(from: number): number {
    let end = from;
    for (let code = this.text.charCodeAt(end); code > SPACE;) code = this.text.charCodeAt(++end);
    const word = this.text.slice(from, end);
    const value = numberOf(word);
    if (value === undefined) throw this.fault('no number');
    this.at = end;
    return value;
  }

  /** Says what is wrong and where. */
  fault(what: string): ScrapeFault {
    let line = 1;
    for (let p = this.text.indexOf('\n'); p >= 0 && p < this.at; p = this.text.indexOf('\n', p + 1)) line++;
    return new ScrapeFault('syntax', `line ${line}: ${what}`);
  }
}

/** A number as a word by itself, as in the label `le`; undefined for what is none. */
export function numberOf(word: string): number | undefined {
  if (NUMBER.test(word)) return Number(word);
  const infinite = INFINITY.exec(word);
  if (infinite !== null) return infinite[1] === '-' ? -Infinity : Infinity;
  return /^[+-]?nan$/i.test(word) ? NaN : undefined;
}

function isNameCode(code: number, isMetric: boolean, isInside: boolean): boolean {
  if ((code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95) return true;
  return isInside ? (code >= 48 && code <= 57) || (isMetric && code === 58) : isMetric && code === 58;
}

/** Undoes the escapes of label values and help texts. */
export function unescape(text: string): string {
  return text.replace(/\\(["\\n])/g, (_, code: string) => (code === 'n' ? '\n' : code));
}
