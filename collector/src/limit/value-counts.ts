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

/** Values that came since the last estimate, as a share of it: less than its error. */
const STALE_SHARE = 0.02;

/** The values of one attribute of one metric. */
export class ValueCounts {
  readonly examples: string[] = [];
  readonly #seed: number;
  readonly #values: Estimate;
  /** What stands for values once they are templates, other values as they are. */
  #templated: Estimate | undefined;
  #seen = 0;
  #tried = 0;
  #fitting = 0;
  #last: AttributeValue | undefined;

  constructor(seed: number, hasBudget: boolean) {
    this.#seed = seed;
    this.#values = new Estimate(hasBudget ? FINE_PRECISION : PRECISION, seed);
  }

  /** @param templates those of the metric @param isTemplated values already become templates */
  see(value: AttributeValue, templates: Templates, isTemplated: boolean): void {
    // Streams of a metric often come sorted, so that most of their attributes repeat.
    if (value === this.#last) return;
    this.#last = value;
    const text = valueText(value);
    this.#values.add(hashOf(text, this.#seed));
    if (isTemplated) {
      this.#templated ??= new Estimate(PRECISION, this.#seed);
      this.#templated.add(hashOf(templates.of(value) ?? text, this.#seed));
    }
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
    return this.#values.estimate();
  }

  get distinctTemplated(): number {
    return this.#templated?.estimate() ?? 0;
  }

  /** Most of the values are of a kind that becomes a template. */
  get areTemplates(): boolean {
    return this.#fitting * 2 >= this.#tried && this.#fitting > 0;
  }
}

/** A sketch that is asked more often than it changes much. */
class Estimate {
  readonly #sketch: HyperLogLog;
  #known = 0;
  #changes = 0;

  constructor(precision: number, seed: number) {
    this.#sketch = new HyperLogLog(precision, seed);
  }

  add(hash: number): void {
    this.#sketch.addHash(hash);
    this.#changes++;
  }

  estimate(): number {
    const isExact = this.#sketch.sizeBytes === 0;
    if (isExact || this.#changes >= this.#known * STALE_SHARE) {
      this.#known = Math.round(this.#sketch.estimate());
      this.#changes = 0;
    }
    return this.#known;
  }
}

function cut(text: string): string {
  return text.length > MAX_EXAMPLE_LENGTH ? `${text.slice(0, MAX_EXAMPLE_LENGTH)}…` : text;
}
