// What is known of one metric of one service: its series, what they are folded into, and how its attributes spread.
// Makes no point and keeps no last value: who asks it decides what that means for them.
import { type Attributes, attributeOf, valueText } from '../model/attributes.ts';
import type { DataPoint, Metric, PointValue, Resource } from '../model/data-point.ts';
import { HyperLogLog } from '../model/hyperloglog.ts';
import type { Budget } from './budgets.ts';
import { FoldPlan, OVERFLOW } from './fold-plan.ts';
import type { Target } from './target.ts';
import { ValueCounts } from './value-counts.ts';

/** Attribute keys may explode as values do; those beyond are folded whole. */
const MAX_KEYS = 64;
/** Standard error 1.6 %. */
const PRECISION = 12;
/** Of the places of a metric, the share that is taken back at once, so that it is not looked for at every point. */
const FREED_SHARE = 4;

/** A stream of a metric: of one resource, scope, unit and kind. */
export interface MetricStream {
  readonly metric: Metric;
  readonly owner: TrackedMetric;
  /** Stands for the metric in keys of series. */
  readonly digest: string;
  /** Not kept: there were too many. */
  readonly isForeign: boolean;
  overflow: Target | undefined;
  series: number;
  /** Monotonic milliseconds. */
  seenMs: number;
}

/** A series that leaves under its own name. */
export interface OwnSeries {
  readonly key: string;
  readonly stream: MetricStream;
  /** The last one, as it came. */
  point: DataPoint;
  seenMs: number;
  /** What its source had counted when it came back; it shows what was counted since. */
  base: PointValue | undefined;
  /** When that was, in Unix milliseconds; 0 for a series that never was away. */
  returnedMs: number;
  /** Of deltas that go up and down, what they add up to. */
  net: number;
}

/** One metric of one service. */
export class TrackedMetric {
  readonly service: string;
  readonly name: string;
  readonly budget: Budget;
  readonly plan: FoldPlan;
  readonly streams = new Map<string, MetricStream>();
  readonly rows = new Map<string, OwnSeries>();
  readonly targets = new Map<string, Target>();
  /** Overflow series of streams that have no room for one of their own, by what tells metrics apart beside the source. */
  readonly shared = new Map<string, Target>();
  /** Overflow series among the targets. */
  overflows = 0;
  /** Series that got a place since the last minute began. */
  admitted = 0;
  absorbedPoints = 0;
  /** The attribute that was found to be at fault last. */
  offender = '';
  newPerMinute = 0;
  /** Monotonic milliseconds, before which it is known to have no place to give back. */
  askAgainMs = -Infinity;
  readonly #seed: number;
  #values = new Map<string, ValueCounts>();
  #earlier = new Map<string, ValueCounts>();
  #folded: HyperLogLog;
  #foldedBefore = 0;
  #countedBefore = 0;

  constructor(service: string, name: string, budget: Budget, seed: number) {
    this.service = service;
    this.name = name;
    this.budget = budget;
    this.plan = new FoldPlan(budget.templates, budget.fold);
    this.#seed = seed;
    this.#folded = new HyperLogLog(PRECISION, seed);
  }

  get size(): number {
    return this.rows.size + this.targets.size;
  }

  /** There is room for another series beside the overflow series, which always has its place. */
  get hasRoom(): boolean {
    const reserved = this.overflows > 0 ? 0 : 1;
    return this.size + reserved < this.budget.maxSeries;
  }

  get isEmpty(): boolean {
    return this.size === 0 && this.streams.size === 0 && this.shared.size === 0;
  }

  /** Series that came within the last window, folded ones by estimate. */
  get distinctSeries(): number {
    return this.rows.size + Math.max(this.#foldedBefore, Math.round(this.#folded.estimate()));
  }

  /** Series that there would be without folds, of the last whole window. */
  get demand(): number {
    return this.rows.size + this.#foldedBefore;
  }

  /** All that is folded would fit twice, judging by the last whole window. */
  get isCalm(): boolean {
    if ((this.rows.size + this.#foldedBefore) * 2 > this.budget.maxSeries) return false;
    for (const { key, distinctValues } of this.attributes())
      if (distinctValues > Math.max(1, (this.budget.attributes.get(key) ?? Infinity) / 2)) return false;
    return true;
  }

  /** Takes the attributes of a series into account that has no place yet. */
  see(attributes: Attributes): void {
    for (const [key, value] of attributes) {
      if (key === OVERFLOW[0]) continue;
      let counts = this.#values.get(key);
      if (counts === undefined) {
        if (this.#values.size === MAX_KEYS) continue;
        this.#values.set(key, (counts = new ValueCounts(this.#seed, this.budget.attributes.has(key))));
      }
      counts.see(value, this.budget.templates, this.plan.stepOf(key) === 'template');
    }
  }

  /** @param hash 53 bits of the series' key */
  seeFolded(hash: number): void {
    this.#folded.addHash(hash);
  }

  /** An attribute that has more values than it may. */
  overBudget(): string | undefined {
    for (const [key, most] of this.budget.attributes) {
      const counts = this.#values.get(key);
      if (counts !== undefined && this.plan.stepOf(key) !== 'value' && this.#spread(key, counts) > most) return key;
    }
    return undefined;
  }

  /** The attribute whose fold saves most: of the most values, those that became templates as such. */
  mostExplosive(): string | undefined {
    let [worst, most] = ['', 1];
    for (const [key, counts] of this.#values) {
      if (this.plan.stepOf(key) === 'value') continue;
      const spread = this.#spread(key, counts);
      if (spread > most) [worst, most] = [key, spread];
    }
    return worst === '' ? undefined : worst;
  }

  /** Folds an attribute one step further. */
  fold(key: string, nowMs: number): void {
    const counts = this.#values.get(key);
    const isFirst = this.plan.stepOf(key) === undefined;
    const into = isFirst && !this.budget.templates.isOff && counts?.areTemplates === true ? 'template' : 'value';
    this.plan.add(key, into, nowMs);
    this.offender = key;
    // What values became is counted from here on, beginning with what is there.
    if (into === 'template') for (const { point } of this.rows.values()) this.see(point.attributes);
  }

  /** Newest first, of those that the folds concern, or of all: as many as are worth looking for. */
  *surplus(which: 'folded' | 'all'): Generator<OwnSeries> {
    let left = Math.ceil(this.budget.maxSeries / FREED_SHARE);
    for (const row of [...this.rows.values()].toReversed()) {
      const { attributes } = row.point;
      if (which === 'folded' && this.plan.map(attributes) === attributes) continue;
      yield row;
      if (--left === 0) return;
    }
  }

  /** Begins another window; counts go on with the series that are there. */
  turn(): void {
    this.#foldedBefore = Math.round(this.#folded.estimate());
    this.#folded = new HyperLogLog(PRECISION, this.#seed);
    this.#countedBefore = 0;
    this.#earlier = this.#values;
    this.#values = new Map();
    for (const { point } of this.rows.values()) this.see(point.attributes);
  }

  /** Called once a minute. */
  minute(): void {
    const counted = Math.round(this.#folded.estimate());
    this.newPerMinute = this.admitted + Math.max(0, counted - this.#countedBefore);
    this.admitted = 0;
    this.#countedBefore = counted;
  }

  /** Attributes with the most values first. */
  attributes(): { key: string; distinctValues: number; examples: readonly string[] }[] {
    const keys = new Set([...this.#values.keys(), ...this.#earlier.keys()]);
    return [...keys]
      .map((key) => {
        const [now, before] = [this.#values.get(key), this.#earlier.get(key)];
        const distinctValues = Math.max(now?.distinct ?? 0, before?.distinct ?? 0);
        return { key, distinctValues, examples: (now ?? before)?.examples ?? [] };
      })
      .sort((a, b) => b.distinctValues - a.distinctValues);
  }

  #spread(key: string, counts: ValueCounts): number {
    return this.plan.stepOf(key) === 'template' ? counts.distinctTemplated : counts.distinct;
  }
}

/** Names the sender. */
export function serviceOf({ attributes }: Resource): string {
  const value = attributeOf(attributes, 'service.name');
  return value === undefined ? '' : valueText(value);
}
