// The last hour of readings, in columns of fixed size.
import { RESOURCE_KEYS, type ResourceKey, type ResourceReading } from './resource-reading.ts';

/** Statistics of one figure over the readings that are held. */
export interface FigureStatistics {
  readonly mean: number;
  readonly min: number;
  readonly max: number;
  readonly p95: number;
}

export type ResourceStatistics = {
  readonly [Key in Exclude<ResourceKey, 'atMs' | 'intervalMs'>]: FigureStatistics;
} & {
  readonly readings: number;
  /** Milliseconds since the epoch, of the first and the last reading. */
  readonly fromMs: number;
  readonly toMs: number;
};

/** A ring of readings. */
export class ResourceHistory {
  readonly #capacity: number;
  readonly #columns: ReadonlyMap<ResourceKey, Float64Array>;
  #count = 0;

  /** @param capacity readings; 104 bytes each, all of them at once */
  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#columns = new Map(RESOURCE_KEYS.map((key) => [key, new Float64Array(capacity)]));
  }

  add(reading: ResourceReading): void {
    const place = this.#count % this.#capacity;
    for (const [key, column] of this.#columns) column[place] = reading[key];
    this.#count++;
  }

  last(): ResourceReading | undefined {
    return this.#count === 0 ? undefined : this.#at((this.#count - 1) % this.#capacity);
  }

  /** Readings of that time and later, the oldest first. @param fromMs milliseconds since the epoch */
  since(fromMs: number): ResourceReading[] {
    const times = this.#columns.get('atMs');
    return this.#places().flatMap((place) => ((times?.[place] ?? 0) >= fromMs ? [this.#at(place)] : []));
  }

  /** Of the readings of that time and later; undefined without any. */
  statistics(fromMs: number): ResourceStatistics | undefined {
    const times = this.#columns.get('atMs') ?? new Float64Array(0);
    const places = this.#places().filter((place) => (times[place] ?? 0) >= fromMs);
    const [first, final] = [places[0], places.at(-1)];
    if (first === undefined || final === undefined) return undefined;
    const figures = [...this.#columns].map(([key, column]) => [key, figureOf(places.map((p) => column[p] ?? 0))]);
    const { atMs: _, intervalMs: __, ...rest } = Object.fromEntries(figures) as Record<ResourceKey, FigureStatistics>;
    return { ...rest, readings: places.length, fromMs: times[first] ?? 0, toMs: times[final] ?? 0 };
  }

  #at(place: number): ResourceReading {
    const entries = [...this.#columns].map(([key, column]) => [key, column[place] ?? 0]);
    return Object.fromEntries(entries) as Record<ResourceKey, number>;
  }

  /** In order of time. */
  #places(): number[] {
    const held = Math.min(this.#count, this.#capacity);
    return Array.from({ length: held }, (_, i) => (this.#count - held + i) % this.#capacity);
  }
}

/** @param values at least one; sorted */
function figureOf(values: number[]): FigureStatistics {
  values.sort((a, b) => a - b);
  const at = (share: number): number => values[Math.max(0, Math.ceil(share * values.length) - 1)] ?? 0;
  return {
    mean: values.reduce((sum, value) => sum + value, 0) / values.length,
    min: at(0),
    max: at(1),
    p95: at(0.95),
  };
}
