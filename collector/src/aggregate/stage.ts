// Aggregates data points in windows, by rules. Only the shell: the timer, the counters, and what is handed on.
import type { Attributes } from '../model/attributes.ts';
import type { DataPoint, MetricBatch } from '../model/data-point.ts';
import type { Consumer, Host, Stage, StageDef } from '../pipeline/contract.ts';
import type { Aggregator, AggregatorBooks } from './aggregator.ts';
import type { aggregateConfig, AggregateConfig } from './config.ts';
import { aggregateInstruments } from './instruments.ts';

/** Between two turns of closing windows others get theirs. */
const NEXT_TURN_MS = 1;
/** Of a stream or group with four attributes, and of a point that waits for its window. */
const SERIES_BYTES = 1800;
const POINT_BYTES = 250;

type AggregateHost = Host<keyof typeof aggregateInstruments>;

export const aggregate = {
  name: 'aggregate',
  instruments: aggregateInstruments,
  create: (config, host, next) => new AggregateStage(config, host, next),
} satisfies StageDef<typeof aggregateConfig, typeof aggregateInstruments, MetricBatch, MetricBatch>;

/** The running stage. */
export class AggregateStage implements Stage<MetricBatch> {
  readonly #config: AggregateConfig;
  readonly #host: AggregateHost;
  readonly #next: Consumer<MetricBatch>;
  readonly #books: AggregatorBooks;
  #aggregator: Aggregator | undefined;
  #cancel: (() => void) | undefined;
  #wakesMs = Infinity;
  /** Windows that are being closed. */
  #turns: Generator<DataPoint[]> | undefined;
  #held = 0;
  #isStopped = false;
  /** Attributes of this sidecar's resource, as which it stands for instances that are aggregated away; wired. */
  ownInstance: Attributes = [];

  constructor(config: AggregateConfig, host: AggregateHost, next: Consumer<MetricBatch>) {
    this.#config = config;
    this.#host = host;
    this.#next = next;
    this.#books = {
      absorbed: (points) => host.count('absorbed', points),
      dropped: (reason, points) => host.count('dropped', points, { reason }),
      held: (more) => (this.#held += more),
      unfit: (points) => host.count('unfit', points),
      overflow: (points) => host.count('overflow', points),
    };
  }

  async start(): Promise<void> {
    if (this.#config.rules.length === 0) return;
    // Most configurations have no rule, and need nothing of what rules do.
    const code = await import('./aggregator.ts');
    this.#aggregator ??= new code.Aggregator(this.#config, this.ownInstance, this.#host.clock.nowMs(), this.#books);
  }

  /** Closes every window, also those whose time is not over. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancel?.();
    this.#cancel = undefined;
    const nowMs = this.#host.clock.nowMs();
    for (const turns of [this.#turns, this.#aggregator?.flush(nowMs)])
      if (turns !== undefined) for (const points of turns) await this.#emit(points);
    this.#turns = undefined;
    this.#gauges();
  }

  /** Takes points; those no rule takes are handed on as they came, in the batch they came in where it is all of it. */
  async consume(batch: MetricBatch): Promise<void> {
    const { points } = batch;
    const aggregator = this.#aggregator;
    if (aggregator === undefined || this.#isStopped) {
      this.#host.count('passed', points.length);
      return this.#next.consume(batch);
    }
    const { passed, made } = aggregator.take(points, this.#host.clock.nowMs());
    this.#gauges();
    this.#wake();
    if (passed.length > 0) this.#host.count('passed', passed.length);
    const onward = passed === points ? this.#next.consume(batch) : this.#hand(passed);
    await Promise.all([onward, this.#emit(made)]);
  }

  /** Sees to it that the one timer rings when something is due. */
  #wake(): void {
    const dueMs = this.#aggregator?.dueMs() ?? Infinity;
    if (this.#turns !== undefined || dueMs === this.#wakesMs) return;
    this.#cancel?.();
    this.#cancel = undefined;
    this.#wakesMs = dueMs;
    if (dueMs !== Infinity)
      this.#cancel = this.#host.clock.after(Math.max(dueMs - this.#host.clock.nowMs(), NEXT_TURN_MS), () =>
        this.#turn(),
      );
  }

  /** One turn of closing. What it makes needs no waiting for: exporters answer for what they cannot take. */
  #turn(): void {
    this.#cancel = undefined;
    this.#wakesMs = Infinity;
    this.#turns ??= this.#aggregator?.close(this.#host.clock.nowMs());
    const { value: points, done = true } = this.#turns?.next() ?? {};
    if (done) this.#turns = undefined;
    else this.#cancel = this.#host.clock.after(NEXT_TURN_MS, () => this.#turn());
    this.#gauges();
    this.#emit(points ?? []).catch((error: unknown) => {
      this.#host.log('error', 'INTERNAL', `aggregated points were not taken: ${String(error)}`);
    });
    this.#wake();
  }

  async #emit(points: readonly DataPoint[]): Promise<void> {
    if (points.length === 0) return;
    this.#host.count('emitted', points.length);
    await this.#hand(points);
  }

  async #hand(points: readonly DataPoint[]): Promise<void> {
    if (points.length > 0) await this.#next.consume({ signal: 'metrics', points });
  }

  #gauges(): void {
    const series = this.#aggregator?.series ?? 0;
    this.#host.record('held', this.#held);
    this.#host.record('series', series);
    this.#host.record('size', series * SERIES_BYTES + this.#held * POINT_BYTES);
  }
}
