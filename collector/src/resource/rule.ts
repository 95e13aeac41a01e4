// Which metrics are watched, and how: what configuration names first, then what everybody has. A metric is asked once.
import { attributeOf, type Attributes, valueText } from '../model/attributes.ts';
import type { DataPoint } from '../model/data-point.ts';
import { isLike } from '../model/glob.ts';
import type { ResourceConfig, WatchConfig } from './config.ts';
import type { Quantity } from './reading.ts';

/** Tests of attributes: all have to hold. */
export interface AttributeTest {
  /** Names that different senders have for it; the first that is there counts. */
  readonly keys: readonly string[];
  /** @param value absent where none of the names is there */
  readonly test: (value: string | undefined) => boolean;
}

/** Series that differ in one attribute only and are watched together, as levels. */
export interface Parts {
  readonly keys: readonly string[];
  /** Their sum, or what they leave of 1. */
  readonly as: 'sum' | 'rest';
}

/** Where the limit of what is watched comes from. */
export type LimitSource =
  | { readonly value: number }
  /** A metric of the same sender with the same attributes but for `without`. */
  | {
      readonly metric: string;
      readonly without: readonly string[];
      /** What conventions called it before. */
      readonly formerly?: string;
    };

export interface WatchRule {
  readonly as: Quantity | 'auto';
  readonly tests: readonly AttributeTest[];
  readonly parts?: Parts;
  readonly direction: 'up' | 'down' | 'both';
  readonly leastChange: number;
  /** Steps that a departure has to last. */
  readonly leastSteps: number;
  readonly limit?: LimitSource;
  /** What may be busy for some time without harm. */
  readonly isBusyness?: boolean;
}

/** Rules of metrics by name. */
export interface NamedRule {
  readonly isNamed: (metric: string) => boolean;
  readonly rule: WatchRule;
}

/** A departure has to last for so many steps, unless a rule asks for more. */
export const LEAST_STEPS = 15;

/** Rules of what is configured. */
export function configuredRules({ watch }: Pick<ResourceConfig, 'watch'>): NamedRule[] {
  return watch.map((each) => {
    return { isNamed: (metric) => each.metrics.some((name) => isLike(name, metric)), rule: ruleOf(each) };
  });
}

function ruleOf({ attributes, as, direction, least_change, limit, limit_metric }: WatchConfig): WatchRule {
  const source: LimitSource | undefined =
    limit !== undefined
      ? { value: limit }
      : limit_metric === undefined
        ? undefined
        : { metric: limit_metric, without: Object.keys(attributes) };
  return {
    as,
    tests: Object.entries(attributes).map(([key, glob]) => ({ keys: [key], test: valueTest(glob) })),
    direction,
    leastChange: least_change,
    leastSteps: LEAST_STEPS,
    ...(source === undefined ? {} : { limit: source }),
  };
}

/** A test of one value; absent values pass none. */
export function valueTest(glob: string): AttributeTest['test'] {
  return (value) => value !== undefined && isLike(glob, value);
}

/** Whether a point's attributes, or else those of its resource, are as a rule wants them. */
export function fits({ tests }: WatchRule, { attributes, metric }: DataPoint): boolean {
  return tests.every(({ keys, test }) => test(textOf(attributes, keys) ?? textOf(metric.resource.attributes, keys)));
}

/** Splits off the attribute that tells parts apart. @returns its value, empty where there is none, and the others */
export function withoutKeys(
  attributes: Attributes,
  keys: readonly string[],
): { readonly part: string; readonly rest: Attributes } {
  const key = keys.find((each) => attributeOf(attributes, each) !== undefined);
  if (key === undefined) return { part: '', rest: attributes };
  return {
    part: valueText(attributeOf(attributes, key) ?? ''),
    rest: attributes.filter(([name]) => name !== key),
  };
}

function textOf(attributes: Attributes, keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const value = attributeOf(attributes, key);
    if (value !== undefined) return valueText(value);
  }
  return undefined;
}
