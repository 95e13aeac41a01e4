// Attributes of a call: few-valued ones, which may become labels of metrics, and all others, which belong to the span alone.
import type { Attributes } from '@opentelemetry/api';
import { warn } from '../errors.ts';
import { OTHER } from '../names.ts';

/** A string that is few-valued by a limit; made by {@link lowCardinality}. */
class LimitedString {
  readonly value: string;
  readonly max: number;

  constructor(value: string, max: number) {
    this.value = value;
    this.max = max;
  }
}
export type { LimitedString };

/** What a few-valued attribute may be: a literal, a union of literals, a boolean, or a limited string. */
export type LowAttributes = Readonly<Record<string, string | number | boolean | LimitedString | undefined>>;

/** The last words of the compiler where a type is refused. */
type Hint = 'a value from an endless set: put it under high, or bound it with lowCardinality(text, max)';

/** Refuses types with endless values: `string`, `number`, templates with holes. */
type FewValued<V> = V extends string | number ? (Record<never, never> extends Record<V, 1> ? Hint : V) : V;

/** Attributes of one call, apart by how many values they take. */
export interface CallAttributes<Low extends LowAttributes = LowAttributes> {
  /** On the span and on the metrics of the operation. */
  readonly low?: Low & { readonly [K in keyof Low]: FewValued<Low[K]> };
  /** On the span alone. */
  readonly high?: Attributes;
}

/** Attributes of an instrument: fixed, or made from the arguments of each call that is recorded. */
export type AttributesOption<Args, Low extends LowAttributes = LowAttributes> =
  | CallAttributes<Low>
  | ((args: Args) => CallAttributes<Low>);

/**
 * Lets a string become an attribute of metrics: of each attribute of an operation the first `max` values are kept in this
 * process, later ones become `_OTHER`.
 *
 * @param max 1 to 10 000
 */
export function lowCardinality(value: string, max: number): LimitedString {
  return new LimitedString(value, max);
}

/** Values of one attribute in any case; a metric with more has its own overflow. */
const MAX_VALUES = 10_000;

/** Looks at the attributes of one operation: holds limited strings to their limits, and says what it cannot take. */
export class LowLimits {
  readonly #seen = new Map<string, Set<string>>();

  #isChecked = false;

  /** Says once what would be ignored without a word, which types say before. @param name of the operation */
  check(parts: object, name: string): void {
    if (this.#isChecked) return;
    this.#isChecked = true;
    const strange = Object.keys(parts).filter((key) => key !== 'low' && key !== 'high');
    if (strange.length > 0) warn('ATTRIBUTES_INVALID', `${strange.slice(0, 3).join(', ')} of ${name}`);
  }

  /** Makes attributes of few-valued ones; those that are undefined, or none, are left out. */
  plain(low: LowAttributes): Attributes {
    const attributes: Attributes = {};
    for (const key in low) {
      const value = low[key];
      if (typeof value === 'object') {
        if (typeof value?.value === 'string') attributes[key] = this.#limited(key, value);
      } else if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
        attributes[key] = value;
    }
    return attributes;
  }

  #limited(key: string, { value, max }: LimitedString): string {
    let seen = this.#seen.get(key);
    if (seen === undefined) this.#seen.set(key, (seen = new Set()));
    if (seen.has(value)) return value;
    if (!(seen.size < Math.min(max, MAX_VALUES))) return OTHER;
    seen.add(value);
    return value;
  }
}
