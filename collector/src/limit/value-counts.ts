// How many values an attribute has, and what they look like. Pure.
import { type AttributeValue, valueText } from '../model/attributes.ts';
import { hashOf, HyperLogLog } from '../model/hyperloglog.ts';
import type { Templates } from './templates.ts';

const MAX_EXAMPLES = 5;
const MAX_EXAMPLE_LENGTH = 100;
/** Values of an attribute that are tried as templates, to see whether they would help; newer ones count as much. */
const MAX_TRIED = 64;
/** Once so many were tried, one of so many is. */
const TRY_EACH = 8;
/** Standard error 3.2 % in a kilobyte; exact up to 16. */
const PRECISION = 10;
/** Standard error 1.6 %; exact up to 64. For attributes with a budget of their own. */
const FINE_PRECISION = 12;

/** The values of one attribute of one metric. */
export class ValueCounts {
  readonly examples: string[] = [];
  readonly #seed: number;
  readonly #values: HyperLogLog;
  /** What stands for values once they are templates, other values as they are. */
  readonly #templated: HyperLogLog;
  #seen = 0;
  #tried = 0;
  #fitting = 0;
  #last: AttributeValue | undefined;

  constructor(seed: number, hasBudget: boolean) {
    this.#seed = seed;
    this.#values = new HyperLogLog(hasBudget ? FINE_PRECISION : PRECISION, seed);
    this.#templated = new HyperLogLog(PRECISION, seed);
  }

  /** @param templates those of the metric @param isTemplated values already become templates */
  see(value: AttributeValue, templates: Templates, isTemplated: boolean): void {
    // Streams of a metric often come sorted, so that most of their attributes repeat.
    if (value === this.#last) return;
    this.#last = value;
    const text = valueText(value);
    this.#values.addHash(hashOf(text, this.#seed));
    if (isTemplated) this.#templated.addHash(hashOf(templates.of(value) ?? text, this.#seed));
    if (this.#seen++ >= MAX_TRIED && this.#seen % TRY_EACH !== 0) return;
    this.#try(value, templates);
    if (this.examples.length < MAX_EXAMPLES && !this.examples.includes(cut(text))) this.examples.push(cut(text));
  }

  #try(value: AttributeValue, templates: Templates): void {
    if (this.#tried === MAX_TRIED) {
      this.#tried /= 2;
      this.#fitting /= 2;
    }
    this.#tried++;
    if (templates.of(value) !== undefined) this.#fitting++;
  }

  get distinct(): number {
    return Math.round(this.#values.estimate());
  }

  get distinctTemplated(): number {
    return Math.round(this.#templated.estimate());
  }

  /** Most of the values are of a kind that becomes a template. */
  get areTemplates(): boolean {
    return this.#fitting * 2 >= this.#tried && this.#fitting > 0;
  }
}

function cut(text: string): string {
  return text.length > MAX_EXAMPLE_LENGTH ? `${text.slice(0, MAX_EXAMPLE_LENGTH)}…` : text;
}
