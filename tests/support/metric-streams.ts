// Random streams of data points as they arrive: with resets, gaps, ends, repeats, late and out of order.
import type { DataPoint, PointValue } from '../../collector/src/model/data-point.ts';
import type { PointClass } from '../../collector/src/aggregate/point-class.ts';
import { dataPoint, exponentialOf, histogramOf, numberValue, type PointShape, POINTS_BEGAN_MS } from './data-points.ts';
import type { Arrival } from './naive-aggregate.ts';
import { oneOf, pick, type Random } from './random.ts';

const BOUNDS = [1, 2, 5];
const SHAPES: Readonly<Record<PointClass, Pick<PointShape, 'kind' | 'isMonotonic'>>> = {
  gauge: { kind: 'gauge', isMonotonic: false },
  up_down: { kind: 'sum', isMonotonic: false },
  change: { kind: 'sum', isMonotonic: false },
  counter: { kind: 'sum', isMonotonic: true },
  histogram: { kind: 'histogram' },
  exponential_histogram: { kind: 'exponential_histogram' },
};

export interface StreamsShape {
  readonly pointClass: PointClass;
  readonly temporality: 'delta' | 'cumulative';
  readonly replicas: boolean;
  /** Nothing is missing, late or in mid-life, and resets are told by start times. */
  readonly complete?: boolean;
}

/** Points of some ten streams over some minutes, in the order in which they come. */
export function randomArrivals(random: Random, shape: StreamsShape): Arrival[] {
  const arrivals: Arrival[] = [];
  for (let pod = 0; pod < 3; pod++)
    for (const path of ['/a', '/b', '/c']) {
      const labels = { attributes: { path, code: oneOf(random, ['200', '500']) }, resource: { pod: `pod-${pod}` } };
      arrivals.push(...streamOf(random, shape, labels));
    }
  return arrivals.sort((a, b) => a.atMs - b.atMs);
}

type Labels = Required<Pick<PointShape, 'attributes' | 'resource'>>;

/** One source, seen by one or several replicas. */
function streamOf(random: Random, shape: StreamsShape, labels: Labels): Arrival[] {
  const { pointClass, temporality, complete = false } = shape;
  const source = new Source(random, shape);
  const replicas = shape.replicas ? [1 + pick(random, 3), 'long-name'].slice(0, 1 + pick(random, 2)) : [undefined];
  const arrivals: Arrival[] = [];
  let timeMs = POINTS_BEGAN_MS + 1000 + pick(random, 60_000);
  // Each replica reads some milliseconds after the one before.
  const silentUntil = new Map<unknown, number>();
  while (timeMs < POINTS_BEGAN_MS + 400_000) {
    source.step(timeMs, complete ? 'announced' : 'any');
    for (const [i, replica] of replicas.entries()) {
      if (random() < 0.05 && shape.replicas) silentUntil.set(replica, timeMs + 90_000);
      if ((silentUntil.get(replica) ?? 0) > timeMs) continue;
      const hasNoValue = !complete && random() < 0.04;
      const point: DataPoint = dataPoint({
        ...SHAPES[pointClass],
        name: 'm',
        ...labels,
        resource: { ...labels.resource, ...(replica === undefined ? {} : { replica: String(replica) }) },
        temporality: pointClass === 'gauge' ? 'cumulative' : temporality,
        timeMs: timeMs + i,
        startMs: pointClass === 'gauge' ? 0 : source.startMs,
        hasNoValue,
        value: source.value(),
      });
      const measured = hasNoValue ? [] : source.measured();
      for (const atMs of arrivalsOf(random, timeMs + i, shape)) arrivals.push({ point, atMs, measured });
    }
    source.taken(timeMs);
    timeMs += 5000 + pick(random, random() < 0.1 ? 100_000 : 20_000);
  }
  return arrivals;
}

/** When a point comes: never, once or twice, mostly soon; of histograms too late for any window, or not far behind. */
function arrivalsOf(random: Random, timeMs: number, { complete = false, pointClass }: StreamsShape): number[] {
  const long = (): number => {
    if (!pointClass.endsWith('histogram')) return pick(random, 90_000);
    return random() < 0.5 ? pick(random, 18_000) : 70_000 + pick(random, 20_000);
  };
  const delay = (): number => (random() < 0.1 && !complete ? long() : pick(random, random() < 0.3 ? 4500 : 500));
  if (!complete && random() < 0.1) return [];
  const first = timeMs + delay();
  return random() < 0.15 ? [first, first + pick(random, 1000)] : [first];
}

/** What is measured. */
class Source {
  startMs: number;
  readonly #random: Random;
  readonly #shape: StreamsShape;
  #number = 0;
  #values: number[] = [];
  #steps = 0;

  constructor(random: Random, shape: StreamsShape) {
    this.#random = random;
    this.#shape = shape;
    // Some began before we watched, and of some nobody knows.
    const beganMs = oneOf(random, [POINTS_BEGAN_MS, POINTS_BEGAN_MS + 500, POINTS_BEGAN_MS - 5000, 0]);
    this.startMs = shape.complete === true ? POINTS_BEGAN_MS : beganMs;
    if (this.startMs < POINTS_BEGAN_MS) this.#number = pick(random, 1000);
  }

  step(timeMs: number, resets: 'announced' | 'any'): void {
    const random = this.#random;
    const { pointClass } = this.#shape;
    const restarts = this.#steps++ > 0 && random() < 0.08 && this.#shape.temporality === 'cumulative';
    // Histograms that begin anew without saying so may look as if they went on.
    const isSilent = resets === 'any' && random() < 0.5 && pointClass === 'counter';
    if (restarts) {
      this.#number = 0;
      this.#values = [];
      if (!isSilent) this.startMs = timeMs - 1000;
    }
    const mayFall = pointClass === 'gauge' || pointClass === 'up_down' || pointClass === 'change';
    this.#number += mayFall ? pick(random, 100) - 50 : pick(random, 100);
    this.#values.push(...Array.from({ length: pick(random, 6) }, () => pick(random, 8000) / 1000 + 0.0003));
  }

  value(): PointValue {
    const { pointClass } = this.#shape;
    if (pointClass === 'histogram') return histogramOf(this.#values, BOUNDS);
    // Senders of one metric need not agree on a scale, nor keep theirs.
    if (pointClass === 'exponential_histogram') return exponentialOf(this.#values, this.#values.length > 20 ? 2 : 3);
    return numberValue(this.#number);
  }

  measured(): readonly number[] {
    return [...this.#values];
  }

  /** Deltas begin anew with each point. */
  taken(timeMs: number): void {
    if (this.#shape.temporality !== 'delta') return;
    this.startMs = timeMs;
    this.#values = [];
    this.#number = 0;
  }
}
