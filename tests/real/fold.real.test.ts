// Twenty places for many more series, seen by a Prometheus that scrapes and by one that is pushed to: series are folded,
// get their places back, return, and are folded again. What both stored adds up to what was counted, exactly.
import { setTimeout as pause } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import type { DataPoint } from '../../collector/src/model/data-point.ts';
import { encodeMetrics } from '../../collector/src/otlp/encode-metrics.ts';
import { dataPoint, exponentialOf, histogramOf } from '../support/data-points.ts';
import { eventually } from '../support/eventually.ts';
import { readSamples, sumOf } from '../support/exposition-text.ts';
import { type RunningPrometheus, type Series, startPrometheus } from '../support/prometheus.ts';
import { describeWith } from '../support/real-parts.ts';
import { type RunningSidecar, startSidecar } from '../support/sidecar.ts';
import { prometheus3, startWritePrometheus } from '../support/write-prometheus.ts';

const PUSH_EVERY_MS = 1000;
const BOUNDS = [100, 1000];
const SCALE = 2;
const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);

/** Who has a place when the crowd comes. */
const EARLY = range(0, 12);
/** The first of them get the last places, and lose them to what stands for the crowd; the others never have one. */
const CROWD = range(100, 60);
/** Who goes on when the crowd has left. */
const FEW = [0, ...range(100, 5), 150];
const PLACES = `limit: { max_series: 20, templates: [], ttl: 10s }`;

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
class Fleet {
  readonly sent: Sent[] = [];
  readonly #otlpHttp: string;
  readonly #began = performance.now();
  readonly #users = new Map<number, { startMs: number; timeMs: number; values: number[] }>();
  #pushes = 0;

  constructor(otlpHttp: string) {
    this.#otlpHttp = otlpHttp;
  }

  /** Waits for the time of the next push, and sends it. */
  async push(users: readonly number[]): Promise<void> {
    await pause(Math.max(0, this.#began + ++this.#pushes * PUSH_EVERY_MS - performance.now()));
    const points = users.flatMap((user) => this.#count(user));
    for (const { body } of encodeMetrics(points)) {
      const headers = { 'content-type': 'application/x-protobuf' };
      const request = { method: 'POST', headers, body: Uint8Array.from(body) };
      expect((await fetch(`${this.#otlpHttp}/v1/metrics`, request)).status).toBe(200);
    }
  }

  #count(user: number): DataPoint[] {
    const timeMs = Date.now();
    const before = this.#users.get(user) ?? { startMs: timeMs - 500, timeMs: timeMs - 500, values: [] };
    const fresh = measured(user, this.#pushes);
    const values = [...before.values, ...fresh];
    this.#users.set(user, { startMs: before.startMs, timeMs, values });
    this.sent.push({ timeMs, user, values: fresh });
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
interface Quantity {
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

interface Sample {
  readonly timeMs: number;
  readonly value: number;
}

interface Stored {
  /** Undefined for what stands for many. */
  readonly user: number | undefined;
  readonly samples: readonly Sample[];
}

/** Raw samples, without what `increase()` makes of them. */
async function stored(prometheus: RunningPrometheus, { selector, part }: Quantity): Promise<Stored[]> {
  const samplesOf = ({ points, histograms }: Series): Sample[] => [
    ...points.map(({ time, value }) => ({ timeMs: time * 1000, value })),
    ...histograms.map(({ time, ...native }) => ({
      timeMs: time * 1000,
      value: part === 'sum' ? native.sum : native.count,
    })),
  ];
  return (await prometheus.query(`${selector}[10m]`)).map((series) => {
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
const hasFallen = ({ samples }: Stored): boolean =>
  samples.some(({ value }, i) => value < (samples[i - 1]?.value ?? 0));

describeWith(['prometheus', 'go'], 'the fold and the return of series', ({ prometheus }) => {
  let sidecar: RunningSidecar;
  let fleet: Fleet;
  let calmMs: number;
  let crowdAgainMs: number;
  const backends: Record<string, RunningPrometheus> = {};

  const limitReads = async (name: string): Promise<number> =>
    sumOf(readSamples(await (await fetch(sidecar.urls.metrics)).text()), `evenkeel_limit_${name}`);

  beforeAll(async () => {
    const features = 'native-histograms';
    const written = await startWritePrometheus(await prometheus3(), features);
    const push = `export: { interval: 5s, remote_write: { next: { url: '${written.writeUrl}', batch_delay: 200ms } } }`;
    sidecar = await startSidecar({ config: `monitoring: false\n${PLACES}\n${push}\n` });
    backends['scrapes'] = await startPrometheus(prometheus, sidecar.urls.metrics, 'honor_labels: true', features);
    backends['is pushed to'] = written;

    fleet = new Fleet(sidecar.urls.otlpHttp);
    const pushes = async (number: number, users: readonly number[]): Promise<void> => {
      for (let i = 0; i < number; i++) await fleet.push(users);
    };
    await pushes(5, EARLY);
    await pushes(8, [...EARLY, ...CROWD]);
    expect(await limitReads('frozen_series')).toBeGreaterThan(0);
    expect(await limitReads('folded_metrics')).toBe(6);
    // Until places are there again.
    for (let i = 0; i < 60 && (await limitReads('folded_metrics')) > 0; i++) await fleet.push(FEW);
    calmMs = Date.now();
    await pushes(5, FEW);
    crowdAgainMs = Date.now();
    await pushes(4, [...FEW, ...CROWD]);
    await pushes(2, FEW);
    // Prometheus 3 may have to be built first.
  }, 1_200_000);

  describe.each(['scrapes', 'is pushed to'])('to a Prometheus that %s', (name) => {
    const backend = (): RunningPrometheus => {
      const found = backends[name];
      if (found === undefined) throw new Error(`no backend that ${name}`);
      return found;
    };
    /** A sample of a scrape may hold what came in while it was written. */
    const slackMs = name === 'scrapes' ? PUSH_EVERY_MS : 1;
    const sentBy = ({ of }: Quantity, timeMs: number, user?: number): number =>
      sum(
        fleet.sent
          .filter((each) => each.timeMs <= timeMs && (user === undefined || each.user === user))
          .map(({ values }) => of(values)),
      );

    it('adds up to what was counted, exactly', async () => {
      for (const quantity of QUANTITIES) {
        const { selector, part } = quantity;
        const truth = sentBy(quantity, Infinity);
        let found: Stored[] = [];
        await eventually(
          () => `${part} of ${selector}: ${total(found.flatMap(increments))} of ${truth}`,
          async () => {
            found = await stored(backend(), quantity);
            return total(found.flatMap(increments)) >= truth;
          },
        );
        expect(total(found.flatMap(increments)), `${part} of ${selector}`).toBe(truth);
      }
    });

    it('shows no increment before it was sent, and none in what a series begins with', async () => {
      for (const quantity of QUANTITIES) {
        const { selector, part } = quantity;
        const found = await stored(backend(), quantity);
        for (const { samples } of found) expect(samples[0]?.value, selector).toBe(0);
        let shown = 0;
        for (const { timeMs, value } of found.flatMap(increments).sort((a, b) => a.timeMs - b.timeMs)) {
          shown += value;
          expect(shown, `${part} of ${selector} at ${timeMs}`).toBeLessThanOrEqual(sentBy(quantity, timeMs + slackMs));
        }
        for (const { user, samples } of found)
          for (const { timeMs, value } of samples)
            expect(value, `${part} of ${selector} of ${user} at ${timeMs}`).toBeLessThanOrEqual(
              sentBy(quantity, timeMs + slackMs, user),
            );
      }
    });

    it('has the fold, the return at 0 and the second fold in it', async () => {
      // Every push counts something, but not in every bucket.
      for (const quantity of QUANTITIES.filter(({ of }) => of === count)) {
        const { selector } = quantity;
        const found = await stored(backend(), quantity);
        const within = (each: Stored, fromMs: number, toMs: number): number =>
          total(increments(each).filter(({ timeMs }) => timeMs > fromMs && timeMs <= toMs));
        const folded = found.filter(({ user }) => user === undefined);
        expect(sum(folded.map((each) => within(each, 0, calmMs))), `${selector}, folded`).toBeGreaterThan(0);
        expect(sum(folded.map((each) => within(each, crowdAgainMs, Infinity))), `${selector}, again`).toBeGreaterThan(
          0,
        );
        for (const few of FEW) {
          const own = found.filter(({ user }) => user === few);
          expect(own, `${selector} of ${few}`).toHaveLength(1);
          expect(sum(own.map((each) => within(each, calmMs, crowdAgainMs))), `${selector} of ${few}`).toBeGreaterThan(
            0,
          );
        }
        // Deltas go on from where they stood, which says the same.
        if (selector.includes('delta')) continue;
        const returned = found.filter((each) => FEW.includes(each.user ?? -1) && hasFallen(each));
        expect(returned.length, `${selector}, from 0 again`).toBeGreaterThan(0);
      }
    });
  });

  it('has books that balance', async () => {
    const points = 6 * fleet.sent.length;
    const [passed, absorbed] = [await limitReads('passed_total'), await limitReads('absorbed_total')];
    expect(absorbed).toBeGreaterThan(0);
    expect(passed + absorbed).toBe(points);
    expect(await limitReads('dropped_total')).toBe(0);
  });
});
