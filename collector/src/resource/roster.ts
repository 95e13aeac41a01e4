// Which series a point is of: finds it by sender, metric and attributes, or makes it where there is room.
import type { Subject } from '../baseline/contract.ts';
import { attributesKey, type Attributes, valueText } from '../model/attributes.ts';
import type { DataPoint, Metric, Resource } from '../model/data-point.ts';
import type { ResourceConfig } from './config.ts';
import { defaultRules } from './defaults.ts';
import { Instances, type Sender } from './instances.ts';
import { type Quantity, quantityOf } from './reading.ts';
import { configuredRules, fits, type NamedRule, type WatchRule, withoutKeys } from './rule.ts';
import { type SavedSeries, Series, type SeriesOptions, type SeriesRule } from './series.ts';
import { nameOf } from './words.ts';

/** Clocks of senders may be off; points further off belong to no present step. */
const MAX_OFF_MS = 600_000;
/** Names of metrics whose rules are remembered, limits of series, and series that found no room. */
const MAX_NAMES = 10_000;

/** Why a point that is to be watched is not. */
export type LeftOut = 'limit' | 'instance' | 'odd_time' | 'kind';

/** A point's series. */
interface Place {
  readonly series: Series;
  /** Which of the parts that are watched together it is. */
  readonly part: string;
}

/** What is done with points of a metric. */
interface Plan {
  readonly rules: readonly WatchRule[];
  /** Whether it tells limits of others. */
  readonly isLimit: boolean;
}

/** A series that is watched, with where its limit is found. */
interface Known {
  readonly series: Series;
  readonly limitKey: string | undefined;
}

export class Roster {
  readonly #maxSeries: number;
  readonly #options: SeriesOptions;
  readonly #rules: readonly NamedRule[];
  /** Metrics that tell limits, by each name they have or had. */
  readonly #limitNames = new Map<string, string>();
  readonly #plans = new Map<string, Plan>();
  readonly #instances: Instances;
  readonly #known = new Map<string, Known>();
  /** Of before a restart; the first point tells how one is to be watched now. */
  readonly #resumed = new Map<string, Series>();
  /** Limits that metrics tell, by sender, metric and attributes. */
  readonly #limits = new Map<string, number>();
  readonly #leftOut = new Set<string>();
  /** Points of one metric come together. */
  #metric: Metric | undefined;
  #plan: Plan | undefined;
  /** Is told of each series that is new. */
  readonly #began: (series: Series) => void;

  constructor(config: ResourceConfig, options: SeriesOptions, began: (series: Series) => void) {
    this.#maxSeries = config.max_series;
    this.#options = options;
    this.#rules = [...configuredRules(config), ...(config.defaults ? defaultRules() : [])];
    for (const { rule } of this.#rules) {
      if (rule.limit === undefined || 'value' in rule.limit) continue;
      const { metric, formerly = metric } = rule.limit;
      this.#limitNames.set(metric, metric).set(formerly, metric);
    }
    this.#instances = new Instances(options.holdMs);
    this.#began = began;
  }

  set own(resource: Resource) {
    this.#instances.own = resource.key;
  }

  get size(): number {
    return this.#known.size + this.#resumed.size;
  }

  /** How many found no room lately. */
  get leftOut(): number {
    return this.#leftOut.size;
  }

  *all(): Generator<Series> {
    for (const { series } of this.#known.values()) yield series;
    yield* this.#resumed.values();
  }

  byKey(key: string): Series | undefined {
    return this.#known.get(key)?.series ?? this.#resumed.get(key);
  }

  /** Goes on with a series of before a restart. @returns why not, where it does not */
  resume(saved: SavedSeries): 'taken' | 'limit' | 'format' {
    const { key } = saved.identity.subject;
    // It came before it was read.
    if (this.#known.has(key)) return 'taken';
    if (this.size >= this.#maxSeries) return 'limit';
    const series = Series.restored(saved, saved.rule, this.#options);
    if (series === undefined) return 'format';
    this.#resumed.set(key, series);
    return 'taken';
  }

  forget({ identity }: Series): void {
    this.#known.delete(identity.subject.key);
    this.#resumed.delete(identity.subject.key);
    // Those that are still left out come again.
    this.#leftOut.clear();
  }

  /** @returns undefined where the point is not to be watched, else its series or why it has none */
  find(point: DataPoint, nowMs: number): Place | LeftOut | undefined {
    const plan = this.#planOf(point.metric);
    if (plan === undefined) return undefined;
    const rule = plan.rules.find((each) => fits(each, point));
    if (rule === undefined && !plan.isLimit) return undefined;
    if (Math.abs(point.timeMs - nowMs) > MAX_OFF_MS) return 'odd_time';
    const sender = this.#instances.senderOf(point.metric.resource, nowMs);
    if (sender === undefined) return 'instance';
    if (plan.isLimit) this.#takeLimit(sender, point);
    if (rule === undefined) return undefined;
    const quantity = quantityOf(point.metric, rule.as);
    if (quantity === undefined) return 'kind';
    const { part, rest } = withoutKeys(point.attributes, rule.parts?.keys ?? []);
    const key = `${sender.key} ${point.metric.name} ${quantity} ${attributesKey(rest)}`;
    const known = this.#known.get(key) ?? this.#join(key, sender, point.metric, rest, { rule, quantity }, nowMs);
    if (known === undefined) return 'limit';
    const { series, limitKey } = known;
    if (limitKey !== undefined) series.limit = this.#limits.get(limitKey) ?? series.limit;
    return { series, part };
  }

  #planOf(metric: Metric): Plan | undefined {
    if (metric === this.#metric) return this.#plan;
    this.#metric = metric;
    let plan = this.#plans.get(metric.name);
    if (plan === undefined) {
      const rules = this.#rules.filter(({ isNamed }) => isNamed(metric.name)).map(({ rule }) => rule);
      plan = { rules, isLimit: this.#limitNames.has(metric.name) };
      if (this.#plans.size >= MAX_NAMES) this.#plans.clear();
      this.#plans.set(metric.name, plan);
    }
    this.#plan = plan.rules.length > 0 || plan.isLimit ? plan : undefined;
    return this.#plan;
  }

  #takeLimit(sender: Sender, { metric, attributes, value, hasNoValue }: DataPoint): void {
    if (hasNoValue || value.type !== 'number' || !(value.value > 0)) return;
    const key = limitKeyOf(sender, this.#limitNames.get(metric.name) ?? metric.name, attributes);
    if (this.#limits.size < MAX_NAMES || this.#limits.has(key)) this.#limits.set(key, value.value);
  }

  #join(
    key: string,
    sender: Sender,
    metric: Metric,
    attributes: Attributes,
    { rule, quantity }: { readonly rule: WatchRule; readonly quantity: Quantity },
    nowMs: number,
  ): Known | undefined {
    const plain = plainRule(rule, quantity);
    const resumed = this.#resumed.get(key);
    if (resumed === undefined && this.size >= this.#maxSeries) {
      if (this.#leftOut.size < MAX_NAMES) this.#leftOut.add(key);
      return undefined;
    }
    this.#resumed.delete(key);
    const identity = {
      subject: subjectOf(key, sender, metric, attributes),
      metric: metric.name,
      unit: unitOf(metric, quantity),
    };
    const series = resumed?.watchedBy(plain) ?? new Series(identity, plain, this.#options, nowMs);
    // Another version may have named it otherwise.
    series.identity = identity;
    const { limit } = rule;
    const limitKey =
      limit === undefined || 'value' in limit
        ? undefined
        : limitKeyOf(sender, limit.metric, withoutKeys(attributes, limit.without).rest);
    const known = { series, limitKey };
    this.#known.set(key, known);
    if (resumed === undefined) this.#began(series);
    return known;
  }
}

function plainRule(
  { direction, leastChange, leastSteps, parts, limit, isBusyness }: WatchRule,
  quantity: Quantity,
): SeriesRule {
  return {
    quantity,
    direction,
    leastChange,
    leastSteps,
    isBusyness: isBusyness === true,
    ...(parts === undefined ? {} : { parts: parts.as }),
    ...(limit === undefined ? {} : { limit }),
  };
}

function subjectOf(key: string, sender: Sender, metric: Metric, attributes: Attributes): Subject {
  const texts = Object.fromEntries(attributes.map(([name, value]) => [name, valueText(value)]));
  return {
    key,
    name: nameOf(sender, metric.name, texts),
    attributes: { ...sender.attributes, metric: metric.name, ...texts },
  };
}

function unitOf({ unit }: Metric, quantity: Quantity): string {
  if (quantity !== 'rate') return unit;
  // Seconds a second are a share of the time.
  return unit === 's' ? '1' : unit === '' || unit === '1' ? '1/s' : `${unit}/s`;
}

function limitKeyOf(sender: Sender, metric: string, attributes: Attributes): string {
  return `${sender.key} ${metric} ${attributesKey(attributes)}`;
}
