// What floods the limiter: streams of every kind, made on the fly, and what they add up to.
import { canonical } from '../../collector/src/model/attributes.ts';
import {
  type DataPoint,
  type Metric,
  type MetricKind,
  metricOf,
  type PointValue,
  resourceOf,
  scopeOf,
  type Temporality,
} from '../../collector/src/model/data-point.ts';
import { exponentialOf, histogramOf, numberValue } from '../../tests/support/data-points.ts';
import { addParts, type Parts, partsOf } from '../../tests/support/metric-consumer.ts';

export interface Shape {
  readonly kind: MetricKind;
  readonly temporality: Temporality;
  readonly isMonotonic: boolean;
}

/** What is flooded, by the name of its figures. */
export const SHAPES: Readonly<Record<string, Shape>> = {
  'counter, delta': { kind: 'sum', temporality: 'delta', isMonotonic: true },
  'counter, cumulative': { kind: 'sum', temporality: 'cumulative', isMonotonic: true },
  'up-down counter, delta': { kind: 'sum', temporality: 'delta', isMonotonic: false },
  'up-down counter, cumulative': { kind: 'sum', temporality: 'cumulative', isMonotonic: false },
  gauge: { kind: 'gauge', temporality: 'cumulative', isMonotonic: false },
  'histogram, delta': { kind: 'histogram', temporality: 'delta', isMonotonic: true },
  'histogram, cumulative': { kind: 'histogram', temporality: 'cumulative', isMonotonic: true },
  'exponential histogram, delta': { kind: 'exponential_histogram', temporality: 'delta', isMonotonic: true },
  'exponential histogram, cumulative': { kind: 'exponential_histogram', temporality: 'cumulative', isMonotonic: true },
};

const ROUTES = ['/cart', '/pay', '/search', '/login', '/help'];
/** Those of the OpenTelemetry SDKs. */
const BOUNDS = [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10_000];
const EXPONENTIAL_SCALE = 3;

/** A metric of these that one service sends. */
export function metricFor(shape: Shape, name: string): Metric {
  return metricOf({
    ...shape,
    resource: resourceOf([['service.name', 'shop']]),
    scope: scopeOf({ name: 'bench', version: '', attributes: [], schemaUrl: '' }),
    name,
    unit: '1',
    description: 'A metric of the bench.',
    metadata: [],
  });
}

/** Attributes of stream n: one value of its own, as customers have, and one of few. */
export function attributesOf(n: number) {
  return canonical([
    ['customer', `customer of ${n.toString(36)}`],
    ['route', ROUTES[n % ROUTES.length] ?? ''],
  ]);
}

/** What stream n measures in a round. */
export function measured(shape: Shape, n: number, round: number): number[] {
  const first = ((n * 7919 + round * 104_729) % 10_007) + 1;
  if (shape.kind === 'histogram' || shape.kind === 'exponential_histogram') return [first, (first * 31) % 997];
  return [shape.isMonotonic ? first : first - 5000];
}

export interface Reading {
  readonly n: number;
  /** From 0. */
  readonly round: number;
  readonly startMs: number;
  readonly timeMs: number;
}

/** The point of stream n in a round: what it measured in it, or in all rounds until then. */
export function pointFor(metric: Metric, shape: Shape, { n, round, startMs, timeMs }: Reading): DataPoint {
  const rounds = shape.temporality === 'delta' ? [round] : Array.from({ length: round + 1 }, (_, i) => i);
  const isLast = shape.kind === 'gauge';
  const values = isLast ? measured(shape, n, round) : rounds.flatMap((each) => measured(shape, n, each));
  return {
    metric,
    attributes: attributesOf(n),
    startMs,
    timeMs,
    hasNoValue: false,
    value: valueOf(shape, values),
    exemplars: [],
  };
}

function valueOf({ kind }: Shape, values: readonly number[]): PointValue {
  if (kind === 'histogram') return histogramOf(values, BOUNDS);
  if (kind === 'exponential_histogram')
    return exponentialOf(
      values.map((value) => value + 1),
      EXPONENTIAL_SCALE,
    );
  return numberValue(values.reduce((sum, value) => sum + value, 0));
}

/** What all that was sent adds up to. */
export class Truth {
  readonly total: Parts = new Map();
  readonly #shape: Shape;
  min = Infinity;
  max = -Infinity;
  count = 0;

  constructor(shape: Shape) {
    this.#shape = shape;
  }

  add(n: number, round: number): void {
    const values = measured(this.#shape, n, round);
    addParts(this.total, partsOf(valueOf(this.#shape, values)));
    for (const value of values) {
      this.min = Math.min(this.min, value);
      this.max = Math.max(this.max, value);
      this.count++;
    }
  }
}
