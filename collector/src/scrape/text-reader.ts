// Reads an answer in the Prometheus text format 0.0.4 or in OpenMetrics 1.0, a few lines at a time.
// @see Prometheus, Exposition formats; OpenMetrics 1.0, section Text format
import { Cursor, type Head, unescape } from './cursor.ts';
import { ScrapeFault } from './fault.ts';
import { type FamilyType, TYPES } from './families.ts';

export type TextFormat = 'text' | 'openmetrics';

/** A measurement beside a sample. */
export interface TextExemplar {
  readonly labels: Head['labels'];
  readonly value: number;
  /** Unix milliseconds; undefined where it has none. */
  readonly timeMs: number | undefined;
}

/** What is done with what is read. */
export interface SampleSink {
  /** Says something of a family; comes before its samples. */
  declare(name: string, what: 'type' | 'help' | 'unit', text: string): void;
  /** Finds a sample whose name and labels were seen before. @returns where they end in the text; -1 for new ones */
  find(text: string, at: number): number;
  /** Takes name and labels of a new sample. @param raw how they were written */
  add(raw: string, head: Head): void;
  /** Takes the value of the sample found or added last. @param timeMs NaN where it has none */
  take(value: number, timeMs: number, exemplar: TextExemplar | undefined): void;
}

const LINE_FEED = 10;
const HASH = 35;

export class TextReader {
  readonly #cursor: Cursor;
  readonly #isOpenMetrics: boolean;
  readonly #sink: SampleSink;
  #isEnded = false;

  /** @param text sound UTF-8 before it was made a string */
  constructor(text: string, format: TextFormat, sink: SampleSink) {
    this.#cursor = new Cursor(text);
    this.#isOpenMetrics = format === 'openmetrics';
    this.#sink = sink;
  }

  /**
   * Reads on.
   *
   * @returns true once all is read
   * @throws ScrapeFault
   */
  step(maxLines: number): boolean {
    const cursor = this.#cursor;
    for (let i = 0; i < maxLines; i++) {
      if (cursor.at >= cursor.text.length) return this.#end();
      this.#line();
    }
    return false;
  }

  #end(): true {
    if (this.#isOpenMetrics && !this.#isEnded) throw new ScrapeFault('truncated', 'does not end with # EOF');
    return true;
  }

  #line(): void {
    const cursor = this.#cursor;
    if (this.#isEnded) throw cursor.fault('text after # EOF');
    const code = this.#isOpenMetrics ? cursor.text.charCodeAt(cursor.at) : cursor.skipBlanks();
    if (code === HASH) this.#comment();
    else if (code === LINE_FEED || Number.isNaN(code)) {
      if (this.#isOpenMetrics) throw cursor.fault('an empty line');
      cursor.at++;
    } else this.#sample();
  }

  #sample(): void {
    const cursor = this.#cursor;
    const from = cursor.at;
    const known = this.#sink.find(cursor.text, from);
    if (known < 0) {
      const head = cursor.head();
      this.#sink.add(cursor.text.slice(from, cursor.at), head);
    } else cursor.at = known;
    cursor.skipBlanks();
    const value = cursor.number();
    let timeMs = NaN;
    let exemplar: TextExemplar | undefined;
    // The usual line ends here.
    if (cursor.text.charCodeAt(cursor.at) !== LINE_FEED) {
      cursor.skipBlanks();
      if (!cursor.isAtEnd && !cursor.isAtComment) timeMs = this.#timestamp();
      cursor.skipBlanks();
      if (this.#isOpenMetrics && cursor.isAtComment) exemplar = this.#exemplar();
      cursor.endLine();
    } else cursor.at++;
    this.#sink.take(value, timeMs, exemplar);
  }

  /** Seconds with fractions in OpenMetrics, whole milliseconds in the older format. */
  #timestamp(): number {
    const cursor = this.#cursor;
    const stamp = cursor.number();
    if (!Number.isFinite(stamp)) throw cursor.fault('no timestamp');
    if (this.#isOpenMetrics) return stamp * 1000;
    if (!Number.isInteger(stamp)) throw cursor.fault('no timestamp in milliseconds');
    return stamp;
  }

  #exemplar(): TextExemplar {
    const cursor = this.#cursor;
    cursor.at++;
    cursor.skipBlanks();
    const labels = cursor.labels();
    cursor.skipBlanks();
    const value = cursor.number();
    cursor.skipBlanks();
    return { labels, value, timeMs: cursor.isAtEnd ? undefined : this.#timestamp() };
  }

  #comment(): void {
    const cursor = this.#cursor;
    const from = cursor.at++;
    cursor.skipBlanks();
    const word = /^[A-Z]+/.exec(cursor.text.slice(cursor.at, cursor.at + 8))?.[0] ?? '';
    const isMetadata = word === 'TYPE' || word === 'HELP' || (word === 'UNIT' && this.#isOpenMetrics);
    if (isMetadata) {
      cursor.at += word.length;
      this.#metadata(word);
    } else if (this.#isOpenMetrics) {
      if (cursor.text.slice(from, cursor.lineEnd()) !== '# EOF')
        throw cursor.fault('a comment that says nothing known');
      this.#isEnded = true;
    }
    // What is left of a comment is for people.
    cursor.at = cursor.lineEnd() + 1;
  }

  #metadata(word: 'TYPE' | 'HELP' | 'UNIT'): void {
    const cursor = this.#cursor;
    cursor.skipBlanks();
    const name = cursor.metricName();
    cursor.skipBlanks();
    const text = cursor.rest();
    if (word === 'HELP') this.#sink.declare(name, 'help', text.includes('\\') ? unescape(text) : text);
    else if (word === 'UNIT') this.#unit(name, text);
    else this.#sink.declare(name, 'type', this.#type(text.trimEnd()));
  }

  #unit(name: string, unit: string): void {
    if (unit !== '' && !name.endsWith(`_${unit}`)) throw this.#cursor.fault('a unit that is no end of the name');
    this.#sink.declare(name, 'unit', unit);
  }

  #type(word: string): FamilyType {
    const type = TYPES.find((each) => each === word);
    if (type === undefined) throw this.#cursor.fault('no type of a metric');
    return type;
  }
}
