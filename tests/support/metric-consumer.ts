// What a backend makes of points: totals by what every exposed series counted, as PromQL's increase() would have it if it
// did not extrapolate, and as OpenTelemetry's data model says of start times and resets.
import { attributesKey } from '../../collector/src/model/attributes.ts';
import type { DataPoint, PointValue } from '../../collector/src/model/data-point.ts';

/** A value by its parts: count, sum, and each bucket by what it holds; exponential buckets at scale 0. */
export type Parts = Map<string, number>;

export function partsOf(value: PointValue): Parts {
  const parts: Parts = new Map();
  const add = (name: string, count: number): void => {
    if (count !== 0) parts.set(name, (parts.get(name) ?? 0) + count);
  };
  if (value.type === 'number') add('value', value.value);
  else {
    add('count', value.count);
    add('sum', value.sum ?? NaN);
  }
  if (value.type === 'histogram') value.counts.forEach((count, i) => add(`${value.bounds.join()} ${i}`, count));
  if (value.type === 'exponential_histogram') {
    add('zero', value.zeroCount);
    for (const sign of ['positive', 'negative'] as const)
      value[sign].counts.forEach((count, i) => add(`${sign} ${(value[sign].offset + i) >> value.scale}`, count));
  }
  return parts;
}

export function addParts(to: Parts, parts: Parts, sign: 1 | -1 = 1): void {
  for (const [name, count] of parts) {
    const sum = (to.get(name) ?? 0) + sign * count;
    if (sum === 0) to.delete(name);
    else to.set(name, sum);
  }
}

interface Seen {
  startMs: number;
  timeMs: number;
  parts: Parts;
}

/** Takes points as they leave, in their order. */
export class MetricConsumer {
  readonly #watchedSinceMs: number;
  /** What counts, by name of the metric. */
  readonly increases = new Map<string, Parts>();
  /** The last value of each series that is on show, by name and then by series. */
  readonly levels = new Map<string, Map<string, number>>();
  readonly #seen = new Map<string, Seen>();

  /** @param watchedSinceMs a series that began later is known to have been 0 */
  constructor(watchedSinceMs: number) {
    this.#watchedSinceMs = watchedSinceMs;
  }

  take(points: readonly DataPoint[]): void {
    for (const point of points) this.#take(point);
  }

  increase(name: string): Parts {
    return this.increases.get(name) ?? new Map<string, number>();
  }

  /** What the series on show add up to. */
  level(name: string): number {
    return [...(this.levels.get(name)?.values() ?? [])].reduce((sum, value) => sum + value, 0);
  }

  /** Series that ever were on show. */
  get series(): number {
    return this.#seen.size;
  }

  #take(point: DataPoint): void {
    const { metric, attributes, hasNoValue, value } = point;
    const { name, kind, temporality, isMonotonic } = metric;
    const key = metric.key + attributesKey(attributes);
    if (kind === 'gauge' || (kind === 'sum' && !isMonotonic)) {
      let levels = this.levels.get(name);
      if (levels === undefined) this.levels.set(name, (levels = new Map()));
      const number = value.type === 'number' ? value.value : NaN;
      if (hasNoValue) levels.delete(key);
      else levels.set(key, (temporality === 'delta' ? (levels.get(key) ?? 0) : 0) + number);
      return;
    }
    if (hasNoValue) return;
    const parts = temporality === 'delta' ? partsOf(value) : this.#sinceLast(key, point);
    let increase = this.increases.get(name);
    if (increase === undefined) this.increases.set(name, (increase = new Map()));
    addParts(increase, parts);
  }

  #sinceLast(key: string, { startMs, timeMs, value }: DataPoint): Parts {
    const parts = partsOf(value);
    const last = this.#seen.get(key);
    // Backends take no point that is older than the last.
    if (last !== undefined && timeMs < last.timeMs) return new Map();
    this.#seen.set(key, { startMs, timeMs, parts });
    if (last === undefined) return startMs >= this.#watchedSinceMs ? parts : new Map();
    const isLower = [...last.parts].some(([name, count]) => name !== 'sum' && (parts.get(name) ?? 0) < count);
    if (isLower || (startMs !== last.startMs && startMs > 0)) return parts;
    const since = new Map(parts);
    addParts(since, last.parts, -1);
    return since;
  }
}
