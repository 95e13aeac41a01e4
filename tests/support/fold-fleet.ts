// Users whose counts find no place in twenty series, what they counted, and what a Prometheus stored of it.
// Of every kind that counts, in both temporalities.
import { expect } from 'vitest';
import type { DataPoint } from '../../collector/src/model/data-point.ts';
import { encodeMetrics } from '../../collector/src/otlp/encode-metrics.ts';
import { dataPoint, exponentialOf, histogramOf } from './data-points.ts';
import { eventually } from './eventually.ts';
import type { RunningPrometheus, Series } from './prometheus.ts';

const BOUNDS = [100, 1000];
const SCALE = 2;
const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);

/** Who has a place when the crowd comes. */
export const EARLY = range(0, 12);
/** The first of them get the last places, and lose them to what stands for the crowd; the others never have one. */
export const CROWD = range(100, 60);
/** Who goes on when the crowd has left. */
export const FEW = [0, ...range(100, 5), 150];

/** Of each user. */
export const METRICS = 6;

/** What one user counted with one push; whole numbers, so that sums are exact. */
function measured(user: number, push: number): number[] {
  return range(0, 1 + ((user + push) % 4)).map((i) => ((user * 7 + push * 13 + i * 311) % 1500) + 1);
}

/** An increment of what was sent. */
interface Sent {
  readonly timeMs: number;
  readonly user: number;
  readonly values: readonly number[];
}

/** Users that count, in every kind and both temporalities. */
export class Fleet {
  /** Data points sent. */
  points = 0;
  readonly #sent: Sent[] = [];
  readonly #otlpHttp: string;
  readonly #nowMs: () => number;
  readonly #users = new Map<number, { startMs: number; timeMs: number; values: number[] }>();
  #pushes = 0;

  constructor(otlpHttp: string, nowMs: () => number) {
    this.#otlpHttp = otlpHttp;
    this.#nowMs = nowMs;
  }

  /** Each of them counts a little, and says so. */
  async push(users: readonly number[]): Promise<void> {
    this.#pushes++;
    const points = users.flatMap((user) => this.#count(user));
    this.points += points.length;
    for (const { body } of encodeMetrics(points)) {
      const headers = { 'content-type': 'application/x-protobuf' };
      const request = { method: 'POST', headers, body: Uint8Array.from(body) };
      expect((await fetch(`${this.#otlpHttp}/v1/metrics`, request)).status).toBe(200);
    }
  }

  /** What a quantity was by a time, in all or of one user. */
  sentBy({ of }: Quantity, timeMs: number, user?: number): number {
    const own = this.#sent.filter((each) => each.timeMs <= timeMs && (user === undefined || each.user === user));
    return sum(own.map(({ values }) => of(values)));
  }

  #count(user: number): DataPoint[] {
    const timeMs = this.#nowMs();
    const before = this.#users.get(user) ?? { startMs: timeMs - 500, timeMs: timeMs - 500, values: [] };
    const fresh = measured(user, this.#pushes);
    const values = [...before.values, ...fresh];
    this.#users.set(user, { startMs: before.startMs, timeMs, values });
    this.#sent.push({ timeMs, user, values: fresh });
    const labels = { attributes: { user: `u${user}`, route: `/${user % 3}` } };
    const whole = { ...labels, timeMs, startMs: before.startMs };
    const window = { ...labels, timeMs, startMs: before.timeMs, temporality: 'delta' } as const;
    return [
      dataPoint({ ...whole, name: 'orders', value: values.length }),
      dataPoint({ ...window, name: 'orders.delta', value: fresh.length }),
      dataPoint({ ...whole, name: 'size', unit: 'By', value: histogramOf(values, BOUNDS) }),
      dataPoint({ ...window, name: 'size.delta', unit: 'By', value: histogramOf(fresh, BOUNDS) }),
      dataPoint({ ...whole, name: 'latency', unit: 's', value: exponentialOf(values, SCALE) }),
      dataPoint({ ...window, name: 'latency.delta', unit: 's', value: exponentialOf(fresh, SCALE) }),
    ];
  }
}

/** Something Prometheus stored, and what it has to add up to. */
export interface Quantity {
  readonly selector: string;
  readonly part: 'value' | 'count' | 'sum';
  of(values: readonly number[]): number;
}

const count = (values: readonly number[]): number => values.length;
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const QUANTITIES: readonly Quantity[] = ['', '_delta'].flatMap((delta): Quantity[] => [
  { selector: `orders${delta}_total`, part: 'value', of: count },
  { selector: `size${delta}_bytes_count`, part: 'value', of: count },
  { selector: `size${delta}_bytes_sum`, part: 'value', of: sum },
  ...BOUNDS.map((bound): Quantity => {
    const selector = `size${delta}_bytes_bucket{le=~"${bound}([.]0)?"}`;
    return { selector, part: 'value', of: (values) => values.filter((value) => value <= bound).length };
  }),
  { selector: `latency${delta}_seconds`, part: 'count', of: count },
  { selector: `latency${delta}_seconds`, part: 'sum', of: sum },
]);

/** Those that every push adds to; not every bucket gets something. */
export const COUNTS = QUANTITIES.filter(({ of }) => of === count);

interface Sample {
  readonly timeMs: number;
  readonly value: number;
}

export interface Stored {
  /** Undefined for what stands for many. */
  readonly user: number | undefined;
  readonly samples: readonly Sample[];
}

/** Raw samples, without what `increase()` makes of them. */
export async function stored(prometheus: RunningPrometheus, { selector, part }: Quantity): Promise<Stored[]> {
  const samplesOf = ({ points, histograms }: Series): Sample[] => [
    ...points.map(({ time, value }) => ({ timeMs: time * 1000, value })),
    ...histograms.map(({ time, ...native }) => ({
      timeMs: time * 1000,
      value: part === 'sum' ? native.sum : native.count,
    })),
  ];
  return (await prometheus.query(`${selector}[2h]`)).map((series) => {
    const { user, otel_metric_overflow: overflow } = series.labels;
    expect([user === undefined, overflow === 'true'], JSON.stringify(series.labels)).toEqual(
      user === undefined ? [true, true] : [false, false],
    );
    return { user: user === undefined ? undefined : Number(user.slice(1)), samples: samplesOf(series) };
  });
}

/** From each sample to the next; one that falls began anew, at 0. */
function increments({ samples }: Stored): Sample[] {
  return samples.slice(1).map(({ timeMs, value }, i) => {
    const before = samples[i]?.value ?? 0;
    return { timeMs, value: value < before ? value : value - before };
  });
}

const total = (samples: readonly Sample[]): number => sum(samples.map(({ value }) => value));

/** What a series grew by after one time and until another. */
export function growth(series: Stored, afterMs: number, untilMs: number): number {
  return total(increments(series).filter(({ timeMs }) => timeMs > afterMs && timeMs <= untilMs));
}

export function hasFallen({ samples }: Stored): boolean {
  return samples.some(({ value }, i) => value < (samples[i - 1]?.value ?? 0));
}

/** Expects that all series together grew by all that was counted, once it is all there. */
export async function expectWhole(prometheus: RunningPrometheus, fleet: Fleet): Promise<void> {
  for (const quantity of QUANTITIES) {
    const truth = fleet.sentBy(quantity, Infinity);
    const title = `${quantity.part} of ${quantity.selector}`;
    let grown = 0;
    await eventually(
      () => `${title}: ${grown} of ${truth}`,
      async () => {
        grown = total((await stored(prometheus, quantity)).flatMap(increments));
        return grown >= truth;
      },
    );
    expect(grown, title).toBe(truth);
  }
}

/**
 * Expects that every series begins at 0, and that no sample, and no sum of increments, is more than what was sent by its time.
 *
 * @param slackMs a sample may hold what came so long after its time
 */
export async function expectNothingInvented(
  prometheus: RunningPrometheus,
  fleet: Fleet,
  slackMs: number,
): Promise<void> {
  for (const quantity of QUANTITIES) {
    const title = `${quantity.part} of ${quantity.selector}`;
    const found = await stored(prometheus, quantity);
    for (const { samples } of found) expect(samples[0]?.value, title).toBe(0);
    let grown = 0;
    for (const { timeMs, value } of found.flatMap(increments).sort((a, b) => a.timeMs - b.timeMs)) {
      grown += value;
      expect(grown, `${title} at ${timeMs}`).toBeLessThanOrEqual(fleet.sentBy(quantity, timeMs + slackMs));
    }
    for (const { user, samples } of found)
      for (const { timeMs, value } of samples)
        expect(value, `${title} of ${user} at ${timeMs}`).toBeLessThanOrEqual(
          fleet.sentBy(quantity, timeMs + slackMs, user),
        );
  }
}
