// A shop that counts: metrics of every kind in both temporalities, some with far more series than anybody wants, and what
// all of it adds up to.
import type { DataPoint } from '../../collector/src/model/data-point.ts';
import { dataPoint, exponentialOf, histogramOf, type PointShape } from './data-points.ts';
import { oneOf, pick, type Random } from './random.ts';

const BOUNDS = [1, 10, 100];
const SCALE = 2;
const USERS = 400;
const USERS_A_ROUND = 20;
const REGIONS = ['north', 'south', 'east'];

/** What was measured in all, by metric. */
export type Truth = Record<
  'clicks' | 'visits' | 'orders' | 'sizes' | 'waits' | 'latency',
  { count: number; sum: number }
>;

/** Makes the points of one round after the other; all measurements are whole numbers, so that sums are exact. */
export class Shop {
  readonly truth: Truth;
  /** Of the up-down counter, and the last reading of the gauge. */
  level = 0;
  temperature = 0;
  readonly #random: Random;
  readonly #startMs: number;
  readonly #visits = new Map<string, number>();
  readonly #waits = new Map<string, number[]>();
  readonly #summed: number[] = [];
  #lastMs: number;

  /** @param startMs when all of its counting began */
  constructor(random: Random, startMs: number) {
    this.#random = random;
    this.#startMs = startMs;
    this.#lastMs = startMs;
    const none = (): { count: number; sum: number } => ({ count: 0, sum: 0 });
    this.truth = { clicks: none(), visits: none(), orders: none(), sizes: none(), waits: none(), latency: none() };
  }

  /** @param nowMs later than that of the round before */
  round(nowMs: number): DataPoint[] {
    const delta = { temporality: 'delta', startMs: this.#lastMs, timeMs: nowMs } as const;
    const total = { temporality: 'cumulative', startMs: this.#startMs, timeMs: nowMs } as const;
    this.#lastMs = nowMs;
    const points: DataPoint[] = [];
    const add = (shape: PointShape): void => void points.push(dataPoint(shape));
    const value = (): number => 1 + pick(this.#random, 120);
    // A stream has one point a round.
    const users = new Set<string>();
    while (users.size < USERS_A_ROUND) users.add(`user-${pick(this.#random, USERS)}`);
    for (const user of users) {
      const attributes = { user };
      add({ ...delta, name: 'clicks', attributes, value: this.#count('clicks', [value()]) });
      add({ ...delta, name: 'sizes', attributes, value: histogramOf(this.#measure('sizes', value), BOUNDS) });
      add({ ...delta, name: 'latency', attributes, value: exponentialOf(this.#measure('latency', value), SCALE) });
      const more = this.#count('visits', [value()]);
      const visits = (this.#visits.get(user) ?? 0) + more;
      this.#visits.set(user, visits);
      add({ ...total, name: 'visits', attributes, value: visits });
      const waited = [...(this.#waits.get(user) ?? []), ...this.#measure('waits', value)];
      this.#waits.set(user, waited);
      add({ ...total, name: 'waits', attributes, value: histogramOf(waited, BOUNDS) });
      const region = oneOf(this.#random, REGIONS);
      add({ ...delta, name: 'orders', attributes: { region, user }, value: this.#count('orders', [value()]) });
    }
    const change = value() - 60;
    this.level += change;
    this.temperature = value();
    this.#summed.push(value());
    const sum = this.#summed.reduce((all, each) => all + each, 0);
    add({ ...total, name: 'queue', isMonotonic: false, value: this.level });
    add({ ...total, name: 'temperature', kind: 'gauge', isMonotonic: false, value: this.temperature });
    const summary = {
      type: 'summary',
      count: this.#summed.length,
      sum,
      quantiles: [{ quantile: 0.5, value: 60 }],
    } as const;
    add({ ...total, name: 'batches', kind: 'summary', isMonotonic: false, value: summary });
    return points;
  }

  get batches(): { readonly count: number; readonly sum: number } {
    return { count: this.#summed.length, sum: this.#summed.reduce((all, each) => all + each, 0) };
  }

  #measure(name: keyof Truth, value: () => number): number[] {
    const values = Array.from({ length: 1 + pick(this.#random, 3) }, value);
    this.#count(name, values);
    return values;
  }

  #count(name: keyof Truth, values: readonly number[]): number {
    const sum = values.reduce((all, each) => all + each, 0);
    this.truth[name].count += values.length;
    this.truth[name].sum += sum;
    return sum;
  }
}
