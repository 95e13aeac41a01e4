// One flood through a limit stage of its own, in a process of its own, on a clock of its own: what it took and what left.
import { limitConfig } from '../../collector/src/limit/config.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { limitInstruments } from '../../collector/src/limit/instruments.ts';
import { limit, type LimitStage } from '../../collector/src/limit/stage.ts';
import type { DataPoint } from '../../collector/src/model/data-point.ts';
import { MetricConsumer, type Parts } from '../../tests/support/metric-consumer.ts';
import { testHost } from '../../tests/support/test-host.ts';
import { serve } from '../peers/child.ts';
import { metricFor, pointFor, type Shape, SHAPES, Truth } from './shapes.ts';

const BATCH = 2000;
/** Batches a second of the clock: the flood brings 10 000 streams a second. */
const BATCHES_PER_SECOND = 5;
/** Points that go nowhere first: the heap then has the size that points under way need, whoever takes them. */
const WARM_UP = 100_000;
const TTL_MS = 600_000;
const STEADY_SERIES = 10;
const FLOODED = 'flooded';
const STEADY = 'steady';

/** What came of one flood. */
export interface Outcome {
  readonly growthBytes: number;
  readonly diskBytes: number;
  readonly memoryBytes: number;
  readonly microseconds: number;
  readonly exposedSeries: number;
  readonly isExact: boolean;
  /** Said where not. */
  readonly difference: string;
  readonly namedAfterMs: number;
  readonly isLogged: boolean;
  readonly isSteadyUntouched: boolean;
  readonly isBudgetBack: boolean;
}

class Run {
  readonly #shape: Shape;
  readonly #host = testHost('limit', limitInstruments);
  readonly #consumer: MetricConsumer;
  readonly #stage: LimitStage;
  readonly #truth: Truth;
  readonly #metric;
  readonly #steady;
  readonly #startedMs: number;
  #steadySent: DataPoint[] = [];
  #isSteadyUntouched = true;
  #namedAfterMs = Infinity;
  #min = Infinity;
  #max = -Infinity;
  #seconds = 0;
  #points = 0;
  #peakBytes = 0;

  constructor(shape: Shape, folder: string) {
    this.#shape = shape;
    this.#startedMs = this.#host.clock.nowMs();
    this.#consumer = new MetricConsumer(this.#startedMs);
    this.#truth = new Truth(shape);
    this.#metric = metricFor(shape, FLOODED);
    this.#steady = metricFor(shape, STEADY);
    const config = limitConfig.parse({ state: { path: folder } });
    this.#stage = limit.create(config, this.#host.host, { consume: async ({ points }) => this.#takeOut(points) });
  }

  async run(streams: number, withoutBytes: number): Promise<Outcome> {
    const { clock } = this.#host;
    await this.#stage.start();
    // What only cumulative streams can show wants a second point of each.
    const rounds = this.#shape.temporality === 'cumulative' ? 2 : 1;
    for (let round = 0; round < rounds; round++) await this.#round(streams, round);
    clock.advance(10_000);
    const { read } = this.#host;
    this.#stage.collect();
    const [diskBytes, memoryBytes] = [read('disk'), read('memory')];
    const difference = this.#difference(streams, rounds - 1);
    const isBudgetBack = await this.#waitForBudget(streams);
    await this.#stage.stop();
    return {
      growthBytes: this.#peakBytes - withoutBytes,
      diskBytes,
      memoryBytes,
      microseconds: (this.#seconds * 1e6) / this.#points,
      exposedSeries: this.#consumer.series,
      isExact: difference === '',
      difference,
      namedAfterMs: this.#namedAfterMs,
      isLogged: this.#host.log.some((line) => line.includes('SERIES_FOLDED') && line.includes('"customer"')),
      isSteadyUntouched: this.#isSteadyUntouched,
      isBudgetBack,
    };
  }

  async #round(streams: number, round: number): Promise<void> {
    const { clock } = this.#host;
    for (let first = 0; first < streams; first += BATCH) {
      const reading = { round, startMs: this.#startedMs, timeMs: clock.nowMs() };
      const points: DataPoint[] = [];
      for (let n = first; n < Math.min(first + BATCH, streams); n++) {
        points.push(pointFor(this.#metric, this.#shape, { n, ...reading }));
        this.#truth.add(n, round);
      }
      this.#steadySent = Array.from({ length: STEADY_SERIES }, (_, n) =>
        pointFor(this.#steady, this.#shape, { n, ...reading }),
      );
      points.push(...this.#steadySent);
      await this.#send(points);
      if ((first / BATCH) % BATCHES_PER_SECOND === BATCHES_PER_SECOND - 1) clock.advance(1000);
    }
  }

  async #send(points: readonly DataPoint[]): Promise<void> {
    const before = process.cpuUsage();
    await this.#stage.consume({ signal: 'metrics', points });
    const { user, system } = process.cpuUsage(before);
    this.#seconds += (user + system) / 1e6;
    this.#points += points.length;
    this.#peakBytes = Math.max(this.#peakBytes, process.memoryUsage.rss());
    // Whatever was to leave of the others has left by now.
    if (this.#steadySent.length > 0) this.#isSteadyUntouched = false;
    if (this.#namedAfterMs === Infinity && this.#isNamed())
      this.#namedAfterMs = this.#host.clock.nowMs() - this.#startedMs;
  }

  #isNamed(): boolean {
    const [worst] = this.#stage.cardinality().metrics;
    const offender = worst?.attributes.find(({ isOffender }) => isOffender);
    return worst?.metric === FLOODED && offender?.key === 'customer' && offender.examples.length > 0;
  }

  #takeOut(points: readonly DataPoint[]): void {
    const steady = points.filter(({ metric }) => metric.name === STEADY);
    if (steady.length > 0) {
      if (steady.some((point, i) => point !== this.#steadySent[i])) this.#isSteadyUntouched = false;
      this.#steadySent = [];
    }
    const flooded = points.filter(({ metric }) => metric.name !== STEADY);
    for (const { metric, value, hasNoValue } of flooded) {
      if (value.type !== 'number' || metric.kind !== 'gauge' || hasNoValue) continue;
      if (metric.name !== `${FLOODED}.max`) this.#min = Math.min(this.#min, value.value);
      if (metric.name !== `${FLOODED}.min`) this.#max = Math.max(this.#max, value.value);
    }
    this.#consumer.take(flooded);
  }

  /** What is exposed against what was sent; empty where they are the same. */
  #difference(streams: number, lastRound: number): string {
    const { kind, temporality, isMonotonic } = this.#shape;
    const check = (what: string, got: number, truth: number): string =>
      got === truth ? '' : `${what} ${got} not ${truth}; `;
    if (kind === 'gauge') {
      const counted = this.#consumer.increase(`${FLOODED}.count`).get('value') ?? 0;
      const own = this.#host.read('passed') - (STEADY_SERIES * this.#points) / (BATCH + STEADY_SERIES);
      return (
        check('min', this.#min, this.#truth.min) +
        check('max', this.#max, this.#truth.max) +
        check('count', counted + own, this.#truth.count)
      );
    }
    if (!isMonotonic) {
      // Of a cumulative one the last value of each stream counts, which is all that it measured.
      const truth = this.#truth.total.get('value') ?? 0;
      return check(`level of ${temporality} ${streams} ${lastRound}`, this.#consumer.level(FLOODED), truth);
    }
    return partsDiffer(this.#consumer.increase(FLOODED), this.#truth.total, check);
  }

  /** Nothing of the flood comes any more: after its TTL there are places, and after a calm window nothing is folded. */
  async #waitForBudget(streams: number): Promise<boolean> {
    const { clock } = this.#host;
    clock.advance(3 * TTL_MS);
    const left = this.#stage.cardinality().metrics.find(({ metric }) => metric === FLOODED);
    const before = this.#host.read('passed');
    const reading = { n: streams + 1, round: 0, startMs: clock.nowMs(), timeMs: clock.nowMs() };
    this.#steadySent = [];
    await this.#stage.consume({ signal: 'metrics', points: [pointFor(this.#metric, this.#shape, reading)] });
    return (left?.series ?? 0) <= 1 && this.#host.read('passed') === before + 1;
  }
}

function partsDiffer(got: Parts, truth: Parts, check: (what: string, got: number, truth: number) => string): string {
  return [...new Set([...got.keys(), ...truth.keys()])]
    .map((part) => check(part, got.get(part) ?? 0, truth.get(part) ?? 0))
    .join('');
}

/** The same points with nobody to limit them. @returns the most memory that takes */
function warmUp(shape: Shape): number {
  const metric = metricFor(shape, FLOODED);
  const truth = new Truth(shape);
  let peakBytes = 0;
  for (let first = 0; first < WARM_UP; first += BATCH) {
    const points: DataPoint[] = [];
    for (let n = first; n < first + BATCH; n++) {
      points.push(pointFor(metric, shape, { n, round: 1, startMs: 1, timeMs: 1 }));
      truth.add(n, 1);
    }
    if (points.some(({ hasNoValue }) => hasNoValue)) throw new Error('a point without a value');
    peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
  }
  return peakBytes;
}

async function run({ name, streams }: { name: string; streams: number }): Promise<Outcome> {
  const shape = SHAPES[name];
  if (shape === undefined) throw new Error(`no shape ${name}`);
  const withoutBytes = warmUp(shape);
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-bench-'));
  try {
    return await new Run(shape, folder).run(streams, withoutBytes);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

// As the sidecar does: the space for new objects stays as small as it begins.
setFlagsFromString('--semi-space-growth-factor=1');
setFlagsFromString('--heap-growing-percent=200');

const methods = { run };
export type FloodMethods = typeof methods;
serve(methods);
