// Scrapes one target again and again. Loops share nothing, so that no target waits for another.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { DataPoint, MetricBatch } from '../model/data-point.ts';
import type { Consumer, Host } from '../pipeline/contract.ts';
import type { Answer, ScrapeClient } from './client.ts';
import type { ScrapeJob } from './config.ts';
import { ScrapeFault } from './fault.ts';
import type { FailedReason, scrapeInstruments } from './instruments.ts';
import { ownSeries } from './own-series.ts';
import { ProtobufReader } from './protobuf-reader.ts';
import { relabelBy } from './relabel.ts';
import { SeriesBook } from './series-book.ts';
import { Holdback, nextInterval } from './steadiness.ts';
import type { Target } from './targets.ts';
import { TextReader } from './text-reader.ts';

/** Reading yields to others after so long; lines of new series cost ten times those of known ones. */
const TURN_MS = 4;
const LINES_A_STEP = 100;
const BATCH_POINTS = 2000;

export type ScrapeHost = Host<keyof typeof scrapeInstruments>;

export interface LoopParts {
  readonly target: Target;
  readonly job: ScrapeJob;
  readonly client: ScrapeClient;
  readonly host: ScrapeHost;
  readonly next: Consumer<MetricBatch>;
  /** Until the first scrape, so that targets take turns. */
  readonly offsetMs: number;
  /** Told after each scrape. */
  readonly scraped: () => void;
}

export class TargetLoop {
  readonly #parts: LoopParts;
  readonly #book: SeriesBook;
  readonly #holdback = new Holdback();
  readonly #cut = new AbortController();
  #cancel = (): void => {};
  #dueMs = 0;
  #running: Promise<void> | undefined;
  #isUp: boolean | undefined;
  #moved = false;
  intervalMs: number;

  constructor(parts: LoopParts) {
    this.#parts = parts;
    const { target, job } = parts;
    this.intervalMs = job.interval;
    this.#book = new SeriesBook({
      target,
      honorLabels: job.honor_labels,
      honorTimestamps: job.honor_timestamps,
      maxSamples: job.max_samples,
      maxLabels: job.max_labels,
      maxLabelValue: job.max_label_value,
      relabel: relabelBy(job.metric_relabel),
    });
  }

  get seriesCount(): number {
    return this.#book.seriesCount;
  }

  start(): void {
    const { host, offsetMs } = this.#parts;
    this.#dueMs = host.clock.monotonicMs() + offsetMs;
    this.#schedule();
  }

  /** Ends a scrape under way without an answer, and passes on what was held back. */
  async stop(): Promise<void> {
    this.#cancel();
    this.#cut.abort();
    await this.#running;
    await this.#pass(this.#holdback.drain(), (point) => [point]);
  }

  #schedule(): void {
    const { clock } = this.#parts.host;
    this.#cancel = clock.after(Math.max(0, this.#dueMs - clock.monotonicMs()), () => {
      this.#running = this.#turn();
    });
  }

  async #turn(): Promise<void> {
    const { host, job, scraped } = this.#parts;
    try {
      await this.#scrape();
    } catch (error) {
      // Nothing here is meant to throw; should it, one scrape is lost and said to be, not the target.
      host.count('failed', 1, { job: job.name, reason: 'internal' });
      host.log('error', 'SCRAPE_INTERNAL', `a scrape of ${job.name} is given up: ${String(error)}`);
    }
    scraped();
    if (this.#cut.signal.aborted) return;
    const nowMs = host.clock.monotonicMs();
    // What was missed meanwhile is not made up for.
    do this.#dueMs += this.intervalMs;
    while (this.#dueMs <= nowMs);
    this.#schedule();
  }

  async #scrape(): Promise<void> {
    const { host, client, target, job } = this.#parts;
    const timeMs = host.clock.nowMs();
    const beganMs = host.clock.monotonicMs();
    this.#moved = false;
    let fault: ScrapeFault | undefined;
    let durationMs = 0;
    this.#book.begin();
    try {
      await this.#read(await client.get(target, this.#cut.signal));
    } catch (error) {
      // Cut short by our own end, it says nothing of the target.
      if (this.#cut.signal.aborted) return;
      fault = error instanceof ScrapeFault ? error : new ScrapeFault('internal', String(error));
    } finally {
      durationMs = host.clock.monotonicMs() - beganMs;
    }
    const isUp = fault === undefined;
    await this.#pass(isUp ? this.#book.finish(timeMs) : this.#book.fail(timeMs));
    if (isUp) host.count('scrapes', 1, { job: job.name });
    this.#count();
    this.#state(fault);
    const { scraped, kept, added } = this.#book.counts;
    const told = isUp ? { scraped, kept, added } : { scraped: 0, kept: 0, added: 0 };
    const own = ownSeries(this.#book.context.own, target, { timeMs, isUp, seconds: durationMs / 1000, ...told });
    // What is said of the scrape is no movement of the target.
    const moved = this.#moved;
    await this.#pass(own);
    this.#moved = moved;
    this.#adapt(isUp);
  }

  async #read(answer: Answer): Promise<void> {
    const { clock } = this.#parts.host;
    const reader =
      answer.format === 'protobuf'
        ? new ProtobufReader(answer.bytes, this.#book)
        : new TextReader(answer.text, answer.format, this.#book);
    for (let beganMs = clock.monotonicMs(); !reader.step(LINES_A_STEP);) {
      if (clock.monotonicMs() - beganMs < TURN_MS) continue;
      await nextTurn();
      beganMs = clock.monotonicMs();
    }
  }

  #count(): void {
    const { host } = this.#parts;
    const { dropped, mended } = this.#book.counts;
    for (const [reason, count] of dropped) host.count('dropped', count, { reason });
    for (const [missing, count] of mended) host.count('mended', count, { missing });
  }

  #state(fault: ScrapeFault | undefined): void {
    const { host, job, target } = this.#parts;
    if (fault !== undefined) {
      const reason: FailedReason = fault.reason;
      host.count('failed', 1, { job: job.name, reason });
      if (this.#isUp !== false)
        host.log(
          'warning',
          `SCRAPE_${job.name}`,
          `${job.name}: ${target.instance} is down: ${fault.message} (${reason})`,
        );
    } else if (this.#isUp === false)
      host.log('info', `SCRAPE_UP_${job.name}`, `${job.name}: ${target.instance} is up again`);
    this.#isUp = fault === undefined;
  }

  /** Passes points on in batches, and lets others have their turn in between. */
  async #pass(points: Iterable<DataPoint>, pick = (point: DataPoint) => this.#unheld(point)): Promise<void> {
    let batch: DataPoint[] = [];
    for (const point of points) {
      batch.push(...pick(point));
      if (batch.length < BATCH_POINTS) continue;
      await this.#hand(batch);
      batch = [];
      await nextTurn();
    }
    if (batch.length > 0) await this.#hand(batch);
  }

  async #hand(points: DataPoint[]): Promise<void> {
    const { host, next } = this.#parts;
    host.count('points', points.length);
    await next.consume({ signal: 'metrics', points });
  }

  /** What of a point goes on now. */
  #unheld(point: DataPoint): readonly DataPoint[] {
    const { job, host } = this.#parts;
    if (job.adaptive === false) return [point];
    // Never twice alike.
    const threshold = point.metric.name === 'scrape_duration_seconds' ? Infinity : job.adaptive.stability_threshold;
    const longestMs = nextInterval(this.intervalMs, false, { baseMs: job.interval, maxMs: job.adaptive.max_interval });
    const { pass, moved } = this.#holdback.offer(point, threshold, longestMs);
    this.#moved ||= moved;
    if (pass.length === 0) host.count('points_saved', 1);
    return pass;
  }

  #adapt(isUp: boolean): void {
    const { adaptive, interval } = this.#parts.job;
    if (adaptive === false) return;
    const within = { baseMs: interval, maxMs: adaptive.max_interval };
    this.intervalMs = nextInterval(this.intervalMs, this.#moved || !isUp, within);
  }
}
