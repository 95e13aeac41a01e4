// Whatever is folded, and whenever: what leaves adds up to what came. Random streams with resets, silence, late and
// repeated points, against sums by definition.
import { expect, it } from 'vitest';
import { limitConfig } from '../../../collector/src/limit/config.ts';
import { limitInstruments } from '../../../collector/src/limit/instruments.ts';
import { limit } from '../../../collector/src/limit/stage.ts';
import type { DataPoint, MetricKind, PointValue } from '../../../collector/src/model/data-point.ts';
import { dataPoint, exponentialOf, histogramOf, numberValue } from '../../support/data-points.ts';
import { addParts, MetricConsumer, type Parts, partsOf } from '../../support/metric-consumer.ts';
import { oneOf, pick, type Random, seeded } from '../../support/random.ts';
import { testHost } from '../../support/test-host.ts';

const BOUNDS = [
  [1, 10, 100],
  [5, 50],
];

/** One stream of a sender, and what it counts. */
class Stream {
  readonly #random: Random;
  readonly #kind: MetricKind;
  readonly #shape: Parameters<typeof dataPoint>[0];
  readonly #isLevel: boolean;
  readonly #bounds: readonly number[];
  #values: number[] = [];
  #startMs: number;
  last: DataPoint | undefined;

  constructor(random: Random, shape: NonNullable<Parameters<typeof dataPoint>[0]>, startMs: number) {
    this.#random = random;
    this.#shape = shape;
    this.#kind = shape.kind ?? 'sum';
    this.#isLevel = shape.isMonotonic === false;
    this.#startMs = startMs;
    this.#bounds = oneOf(random, BOUNDS);
  }

  reset(nowMs: number): void {
    this.#values = [];
    this.#startMs = nowMs;
  }

  /** Measures a little. @returns the point, and what is new in it */
  next(nowMs: number): { point: DataPoint; increment: Parts } {
    const fresh = Array.from({ length: pick(this.#random, 4) }, () =>
      this.#isLevel ? pick(this.#random, 40) - 20 : pick(this.#random, 200),
    );
    this.#values.push(...fresh);
    const isDelta = this.#shape?.temporality === 'delta';
    const value = this.#valueOf(isDelta ? fresh : this.#values);
    const point = dataPoint({ ...this.#shape, startMs: this.#startMs, timeMs: nowMs, value });
    this.last = point;
    return { point, increment: partsOf(this.#valueOf(fresh)) };
  }

  #valueOf(values: readonly number[]): PointValue {
    const sum = values.reduce((total, value) => total + value, 0);
    if (this.#kind === 'histogram') return histogramOf(values, this.#bounds);
    if (this.#kind === 'exponential_histogram') return exponentialOf(values, 1 + (values.length % 4));
    if (this.#kind === 'summary') return { type: 'summary', count: values.length, sum, quantiles: [] };
    return numberValue(sum);
  }
}

const SETTINGS = (random: Random) => ({
  max_series: 1 + pick(random, 8),
  ...(random() < 0.3 ? { max_total_series: 3 + pick(random, 8) } : {}),
  ...(random() < 0.3 ? { templates: [] } : {}),
  ...(random() < 0.3 ? { fold: 'other' } : {}),
  ...(random() < 0.3 ? { attributes: { user: 1 + pick(random, 3) } } : {}),
  ttl: '1m',
  max_streams_memory: '256KiB',
});

const attributesFor = (random: Random, n: number) => ({
  user: random() < 0.5 ? `user-${1000 + n}` : oneOf(random, ['ann', 'bob', 'eve', 'joe', 'sue']),
  route: oneOf(random, ['cart', 'pay', `/orders/${n}`]),
  ...(random() < 0.2 ? { 'otel.metric.overflow': true } : {}),
});

/** What tells one stream from all others: in odd histories an attribute, in even ones the scope, which no fold touches. */
function identity(random: Random, seed: number, n: number) {
  const attributes = attributesFor(random, n);
  if (seed % 2 === 0) return { attributes: { ...attributes, n: `${n % 9}` }, scopeName: `s${n}` };
  return { attributes: { ...attributes, n: oneOf(random, [`n${n}`, `n-${n + 10}`]) } };
}

/** Runs one random history. */
async function history(seed: number, shape: { kind: MetricKind; temporality: 'delta' | 'cumulative' }) {
  const random = seeded(seed);
  const { host, clock, counts, read } = testHost('limit', limitInstruments, random);
  const beganMs = clock.nowMs();
  const consumer = new MetricConsumer(beganMs);
  const stage = limit.create(limitConfig.parse(SETTINGS(random)), host, {
    consume: async ({ points }) => consumer.take(points),
  });
  await stage.start();
  const truths = new Map<string, Parts>();
  const streams: { stream: Stream; isMidLife: boolean; name: string }[] = [];
  let sent = 0;
  for (let step = 0; step < 80; step++) {
    clock.advance(random() < 0.05 ? 90_000 : pick(random, 15_000));
    const points: DataPoint[] = [];
    for (let i = 0; i < 6; i++) {
      if (random() < 0.4 || streams.length === 0) {
        const isMidLife = random() < 0.2;
        const startMs = isMidLife ? oneOf(random, [0, beganMs - 5000]) : clock.nowMs();
        const name = oneOf(random, ['requests', 'jobs']);
        const instance = oneOf(random, ['a', 'b', `c${step}`]);
        const isMonotonic = shape.kind !== 'gauge' && shape.kind !== 'summary';
        const described = { ...shape, isMonotonic, name, instance, ...identity(random, seed, streams.length) };
        streams.push({ stream: new Stream(random, described, startMs), isMidLife, name });
      }
      const each = random() < 0.5 ? streams[streams.length - 1] : oneOf(random, streams);
      if (each === undefined) continue;
      const { stream, name } = each;
      if (shape.temporality === 'cumulative' && stream.last !== undefined && random() < 0.15) {
        // Sent again, as after a lost answer.
        points.push(stream.last);
        continue;
      }
      if (stream.last !== undefined && stream.last.timeMs === clock.nowMs()) continue;
      if (random() < 0.1 && stream.last !== undefined) {
        stream.reset(clock.nowMs() - 1);
        each.isMidLife = false;
      }
      const isFirst = stream.last === undefined;
      const { point, increment } = stream.next(clock.nowMs());
      points.push(point);
      // What a stream counted before anybody watched is nobody's.
      if (shape.temporality === 'cumulative' && each.isMidLife && isFirst) continue;
      const truth = truths.get(name) ?? new Map<string, number>();
      addParts(truth, increment);
      truths.set(name, truth);
    }
    sent += points.length;
    await stage.consume({ signal: 'metrics', points });
  }
  await stage.stop();
  expect(read('passed') + read('absorbed')).toBe(sent);
  expect(counts('dropped')).toEqual({});
  for (const [name, truth] of truths)
    expect(sorted(consumer.increase(name)), `${name} of seed ${seed}`).toEqual(sorted(truth));
  return read('absorbed');
}

const sorted = (parts: Parts): [string, number][] => [...parts].sort(([a], [b]) => (a < b ? -1 : 1));

const COUNTING = (['sum', 'histogram', 'exponential_histogram'] as const).flatMap((kind) => [
  { kind, temporality: 'cumulative' as const },
  { kind, temporality: 'delta' as const },
]);

it.each([...COUNTING, { kind: 'summary' as const, temporality: 'cumulative' as const }])(
  'counts a $temporality $kind as it came, whatever is folded',
  async (shape) => {
    let absorbed = 0;
    for (let seed = 1; seed <= 6; seed++) absorbed += await history(seed, shape);
    expect(absorbed).toBeGreaterThan(500);
  },
);
