// The calls of a stream, in order of their ends, second by second; nothing but calls in flight is held.
import { type Random, seeded } from '../../tests/support/random.ts';
import { draw, normal } from './shape.ts';
import { type Effect, type Operation, rateFactorAt, scaleAt, seasonAt, type StreamSpec } from './stream.ts';

/** A call that ended; `op` is its place in `ops`. */
export interface Call {
  readonly endMs: number;
  readonly op: number;
  readonly durationMs: number;
  readonly isError: boolean;
}

/** All ends within one second, in order. */
export interface Second {
  /** End of the second, milliseconds from the start of the stream. */
  readonly endMs: number;
  readonly calls: readonly Call[];
}

/** Calls that wait behind what hangs; who comes later is refused and leaves no call. */
const MAX_HANGING = 60;
/** Calls of a batch begin within this time. */
const BATCH_MS = 20;
/** What hung ends over this time once it is free. */
const RELEASE_MS = 3000;

/** Every second of a stream from its start to its end. */
export function* secondsOf(spec: StreamSpec): Generator<Second> {
  const sources = spec.ops.map((_, i) => new Source(spec, i));
  const shared = new Noise(seeded(spec.seed * 31 + 7), 0.6);
  const byEnd = new Map<number, Call[]>();
  const add = (call: Call): void => {
    const second = Math.floor(call.endMs / 1000);
    const calls = byEnd.get(second);
    if (calls === undefined) byEnd.set(second, [call]);
    else calls.push(call);
  };
  const seconds = Math.floor(spec.endMs / 1000);
  for (let second = 0; second < seconds; second++) {
    const common = shared.at(Math.floor(second / 60));
    for (const source of sources) source.start(second, common, add);
    const calls = byEnd.get(second) ?? [];
    byEnd.delete(second);
    calls.sort((a, b) => a.endMs - b.endMs);
    yield { endMs: (second + 1) * 1000, calls };
  }
}

/** A factor a minute, as standard normal numbers that hang together. */
class Noise {
  readonly #random: Random;
  readonly #rho: number;
  #minute = -1;
  #value = 0;

  constructor(random: Random, rho: number) {
    this.#random = random;
    this.#rho = rho;
  }

  at(minute: number): number {
    for (; this.#minute < minute; this.#minute++) {
      const fresh = normal(this.#random);
      const rho = this.#minute < 0 ? 0 : this.#rho;
      this.#value = rho * this.#value + Math.sqrt(1 - rho * rho) * fresh;
    }
    return this.#value;
  }
}

/** One operation of a stream. */
class Source {
  readonly #spec: StreamSpec;
  readonly #op: Operation;
  readonly #index: number;
  readonly #random: Random;
  readonly #noise: Noise;
  readonly #effects: readonly Effect[];
  #active: readonly Effect[] = [];
  #changesAtMs = -1;
  #log = 0;
  #due = 0;
  #wasError = false;
  #hanging = 0;

  constructor(spec: StreamSpec, index: number) {
    this.#spec = spec;
    this.#index = index;
    this.#op = spec.ops[index] as Operation;
    this.#random = seeded(spec.seed * 131 + index * 17 + 1);
    this.#noise = new Noise(seeded(spec.seed * 211 + index * 13 + 5), this.#op.rho);
    this.#effects = [...spec.harmless, ...spec.causes.flatMap(({ effects }) => effects)].filter(({ ops }) =>
      ops.includes(index),
    );
  }

  /** Starts the calls of a second and tells when each ends. */
  start(second: number, common: number, add: (call: Call) => void): void {
    const atMs = second * 1000;
    if (atMs >= this.#changesAtMs) this.#findActive(atMs);
    const { tau, driftPerHour, season, ratePerS } = this.#op;
    const { latency, rate } = seasonAt(season, atMs);
    const { sharedNoise } = this.#spec;
    const noise =
      Math.sqrt(sharedNoise) * common + Math.sqrt(1 - sharedNoise) * this.#noise.at(Math.floor(second / 60));
    this.#log = tau * noise + driftPerHour * (atMs / 3_600_000) + latency;
    let most = 1;
    for (const { rateFrom, rateTo } of this.#active) most *= Math.max(1, rateFrom, rateTo);
    this.#arrive(atMs, ratePerS * Math.exp(rate) * most, most, add);
  }

  /** Effects that touch the second, until the next one begins or ends. */
  #findActive(atMs: number): void {
    this.#active = this.#effects.filter(({ fromMs, toMs }) => fromMs < atMs + 1000 && toMs > atMs);
    const edges = this.#effects.flatMap(({ fromMs, toMs }) => [fromMs - 1000, toMs]).filter((ms) => ms >= atMs);
    // Seconds begin at whole thousands, edges where they like.
    this.#changesAtMs = edges.some((ms) => ms < atMs + 1000) ? atMs + 1000 : Math.min(Infinity, ...edges);
  }

  #arrive(atMs: number, perSecond: number, most: number, add: (call: Call) => void): void {
    const random = this.#random;
    const { batch, batchSd, burstiness, isRegular } = this.#op.arrivals;
    if (isRegular) {
      this.#due += perSecond;
      const count = Math.floor(this.#due);
      this.#due -= count;
      for (let i = 0; i < count; i++) this.#call(atMs + ((i + 0.3 + 0.4 * random()) / count) * 1000, most, 0, add);
      return;
    }
    const mean = (perSecond / batch) * (burstiness === 0 ? 1 : gamma(burstiness, random));
    const batches = poisson(mean, random);
    // In order, so that what hangs together by calls does so in time.
    const starts = Array.from({ length: batches }, () => atMs + random() * 1000).sort((x, y) => x - y);
    for (const startMs of starts) {
      const log = batchSd === 0 ? 0 : batchSd * normal(random);
      this.#call(startMs, most, log, add);
      const size = batch === 1 ? 1 : geometric(batch, random);
      for (let j = 1; j < size; j++) this.#call(startMs + random() * BATCH_MS, most, log, add);
    }
  }

  #call(startMs: number, most: number, log: number, add: (call: Call) => void): void {
    const random = this.#random;
    const { shape, failScale } = this.#op;
    let [rate, scale, missRatio, errorRatio]: [number, number, number | undefined, number | undefined] = [
      1,
      1,
      undefined,
      undefined,
    ];
    for (const each of this.#active) {
      if (startMs < each.fromMs || startMs >= each.toMs) continue;
      rate *= rateFactorAt(each, startMs);
      if (each.share === 1 || random() < each.share) scale *= scaleAt(each, startMs);
      missRatio = each.missRatio ?? missRatio;
      errorRatio = each.errorRatio ?? errorRatio;
    }
    if (rate < most && random() * most >= rate) return;
    const isError = errorRatio === undefined ? this.#fails() : random() < errorRatio;
    const durationMs = Math.exp(draw(shape, missRatio, random) + this.#log + log) * scale * (isError ? failScale : 1);
    this.#end(startMs, startMs + durationMs, isError, add);
  }

  #fails(): boolean {
    const { errorRatio, errorRun } = this.#op;
    const ratio = this.#wasError && errorRun > 1 ? 1 - 1 / errorRun : errorRatio / (errorRun * (1 - errorRatio));
    this.#wasError = errorRatio > 0 && this.#random() < (errorRun > 1 ? ratio : errorRatio);
    return this.#wasError;
  }

  #end(startMs: number, freeEndMs: number, isError: boolean, add: (call: Call) => void): void {
    const hang = this.#effects.find(({ hangs, fromMs, toMs }) => hangs && freeEndMs > fromMs && startMs < toMs);
    if (hang === undefined) {
      this.#hanging = 0;
      add({ endMs: freeEndMs, op: this.#index, durationMs: freeEndMs - startMs, isError });
      return;
    }
    if (++this.#hanging > MAX_HANGING) return;
    const endMs = hang.toMs + this.#random() * RELEASE_MS;
    add({ endMs, op: this.#index, durationMs: endMs - startMs, isError });
  }
}

/** A whole number from 1 of a mean. */
function geometric(mean: number, random: Random): number {
  return 1 + Math.floor(Math.log(1 - random()) / Math.log(1 - 1 / mean));
}

/** @see Knuth 1969 for small means; large ones are drawn as normal numbers */
function poisson(mean: number, random: Random): number {
  if (mean > 40) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(random)));
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random(); product > limit; product *= random()) count++;
  return count;
}

/** A gamma number of mean 1. @see Marsaglia and Tsang 2000; `shape` >= 1 */
function gamma(shape: number, random: Random): number {
  const d = shape - 1 / 3;
  for (;;) {
    const z = normal(random);
    const v = (1 + z / Math.sqrt(9 * d)) ** 3;
    if (v > 0 && Math.log(1 - random()) < (z * z) / 2 + d - d * v + d * Math.log(v)) return (d * v) / shape;
  }
}
