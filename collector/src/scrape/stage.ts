// Scrapes Prometheus targets: one loop a target, its start by its name, so that not all are asked at once.
import { createHash } from 'node:crypto';
import type { MetricBatch } from '../model/data-point.ts';
import type { Consumer, Stage, StageDef } from '../pipeline/contract.ts';
import { ScrapeClient } from './client.ts';
import type { scrapeConfig, ScrapeConfig, ScrapeJob } from './config.ts';
import { DROPPED_REASONS, scrapeInstruments } from './instruments.ts';
import { type ScrapeHost, TargetLoop } from './target-loop.ts';
import { type Target, targetsOf } from './targets.ts';

export const scrape = {
  name: 'scrape',
  instruments: scrapeInstruments,
  create: (config, host, next) => new ScrapeStage(config, host, next),
} satisfies StageDef<typeof scrapeConfig, typeof scrapeInstruments, never, MetricBatch>;

/** Of a series with four labels: its line, what it meant, and its last point. */
const SERIES_BYTES = 2000;

interface RunningJob {
  readonly name: string;
  readonly client: ScrapeClient;
  readonly loops: readonly TargetLoop[];
}

/** The running stage: nothing is consumed, everything is read. */
export class ScrapeStage implements Stage<never> {
  readonly #config: ScrapeConfig;
  readonly #host: ScrapeHost;
  readonly #next: Consumer<MetricBatch>;
  #jobs: RunningJob[] = [];

  constructor(config: ScrapeConfig, host: ScrapeHost, next: Consumer<MetricBatch>) {
    this.#config = config;
    this.#host = host;
    this.#next = next;
  }

  /** @throws CERTIFICATE_UNREADABLE, CERTIFICATE_INVALID */
  async start(): Promise<void> {
    this.#host.count('points', 0);
    for (const reason of DROPPED_REASONS) this.#host.count('dropped', 0, { reason });
    for (const job of this.#config.jobs) this.#jobs.push(this.#open(job));
    for (const { loops } of this.#jobs) for (const loop of loops) loop.start();
    this.#gauges();
  }

  async stop(): Promise<void> {
    const jobs = this.#jobs;
    this.#jobs = [];
    await Promise.all(jobs.flatMap(({ loops }) => loops.map((loop) => loop.stop())));
    for (const { client } of jobs) client.close();
  }

  async consume(): Promise<void> {}

  #open(job: ScrapeJob): RunningJob {
    const client = new ScrapeClient(job, this.#host);
    const targets = targetsOf(job);
    this.#host.count('scrapes', 0, { job: job.name });
    this.#host.record('targets', targets.length, { job: job.name });
    const shared = { job, client, host: this.#host, next: this.#next, scraped: () => this.#gauges() };
    const loops = targets.map((target) => {
      return new TargetLoop({ ...shared, target, offsetMs: offsetOf(target, job.interval) });
    });
    return { name: job.name, client, loops };
  }

  #gauges(): void {
    let series = 0;
    for (const { name, loops } of this.#jobs) {
      let longestMs = 0;
      for (const { seriesCount, intervalMs } of loops) {
        series += seriesCount;
        longestMs = Math.max(longestMs, intervalMs);
      }
      this.#host.record('interval', longestMs / 1000, { job: name });
    }
    this.#host.record('series', series);
    this.#host.record('size', series * SERIES_BYTES);
  }
}

/** Somewhere within the interval, at the same place after each start. */
function offsetOf({ url, job }: Target, intervalMs: number): number {
  return createHash('md5').update(`${job} ${url.href}`).digest().readUInt32BE(0) % intervalMs;
}
