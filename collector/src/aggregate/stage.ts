// Aggregates data points in windows, by rules.
import type { MetricBatch } from '../model/data-point.ts';
import type { Consumer, Host, Stage, StageDef } from '../pipeline/contract.ts';
import { aggregateConfig, type AggregateConfig } from './config.ts';
import { aggregateInstruments } from './instruments.ts';

type AggregateHost = Host<keyof typeof aggregateInstruments>;

export const aggregate = {
  name: 'aggregate',
  config: aggregateConfig,
  instruments: aggregateInstruments,
  create: (config, host, next) => new AggregateStage(config, host, next),
} satisfies StageDef<typeof aggregateConfig, typeof aggregateInstruments, MetricBatch, MetricBatch>;

/** The running stage. */
export class AggregateStage implements Stage<MetricBatch> {
  readonly #host: AggregateHost;
  readonly #next: Consumer<MetricBatch>;

  constructor(_config: AggregateConfig, host: AggregateHost, next: Consumer<MetricBatch>) {
    this.#host = host;
    this.#next = next;
  }

  async consume(batch: MetricBatch): Promise<void> {
    this.#host.count('passed', batch.points.length);
    await this.#next.consume(batch);
  }
}
