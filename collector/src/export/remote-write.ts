// Remote write exporter: gathers samples into requests, speaks 2.0 where the receiver knows it, and else 1.0.
// @see Prometheus Remote-Write Specification 1.0 and 2.0
import type { DataPoint } from '../model/data-point.ts';
import { SentToken } from '../pipeline/bearer.ts';
import { DEFAULT_MAX_QUEUE_BYTES } from './defaults.ts';
import type { PointExporter } from './contract.ts';
import { type Attempt, type Courier, Delivery, QueueRoom } from './delivery.ts';
import { ExporterBooks, type ExportHost } from './exporter-books.ts';
import { HttpClient, type PostResult } from './http-client.ts';
import type { RemoteWriteConfig } from './remote-write-config.ts';
import { SampleBatch } from './sample-batch.ts';
import { snappy } from './snappy.ts';
import { judgeWrite, WriteProtocol, type WriteVerdict, type WriteVersion } from './write-answer.ts';
import { encodeV1, encodeV1Metadata } from './write-v1.ts';
import { encodeV2 } from './write-v2.ts';
import { SampleWriter, type Taken, wholeMs } from './written-series.ts';

/** Twice as long as Prometheus looks back: what comes again after is a new series to everybody. */
const FORGET_AFTER_MS = 600_000;
const FORGET_EVERY_MS = 60_000;
/** As often as Prometheus sends metadata. */
const METADATA_EVERY_MS = 60_000;
const METADATA_PER_SEND = 500;

const VERSIONS = {
  '1.0': { contentType: 'application/x-protobuf', header: '0.1.0' },
  '2.0': { contentType: 'application/x-protobuf;proto=io.prometheus.write.v2.Request', header: '2.0.0' },
} as const satisfies Record<WriteVersion, object>;

/** Makes an exporter; nothing is opened before `start`. */
export function remoteWriteExporter(name: string, config: RemoteWriteConfig, host: ExportHost): PointExporter {
  return new RemoteWrite(name, config, host);
}

class RemoteWrite implements PointExporter, Courier<SampleBatch> {
  readonly name: string;
  readonly #config: RemoteWriteConfig;
  readonly #host: ExportHost;
  readonly #books: ExporterBooks;
  readonly #room: QueueRoom;
  readonly #delivery: Delivery<SampleBatch>;
  readonly #writer: SampleWriter;
  readonly #protocol: WriteProtocol;
  #client: HttpClient | undefined;
  #token: SentToken | undefined;
  #open: SampleBatch | undefined;
  #cancelDelay = (): void => {};
  #cancelForget = (): void => {};
  #metadataAtMs = -Infinity;

  constructor(name: string, config: RemoteWriteConfig, host: ExportHost) {
    this.name = name;
    this.#config = config;
    this.#host = host;
    this.#books = new ExporterBooks(name, host);
    this.#protocol = new WriteProtocol(config.protocol);
    const { retry_initial: initialMs, retry_max: maxMs, retry_elapsed: elapsedMs } = config;
    this.#room = new QueueRoom(config.max_queue ?? DEFAULT_MAX_QUEUE_BYTES);
    // Totals contain what came before them, so what is newest tells most; Prometheus too gives up its oldest first.
    const retry = { initialMs, maxMs, elapsedMs };
    const options = { name, room: this.#room, share: 1, retry, whenFull: 'oldest_lost' } as const;
    this.#delivery = new Delivery(options, this, this.#books, host);
    this.#writer = new SampleWriter({
      externalLabels: config.external_labels,
      hasNative: config.native_histograms,
      hasExemplars: config.exemplars,
      sinceMs: host.clock.nowMs(),
      forgetAfterMs: FORGET_AFTER_MS,
    });
  }

  get queueFill(): number {
    return this.#room.fill;
  }

  get isFailing(): boolean {
    return this.#delivery.isFailing;
  }

  async start(): Promise<void> {
    const { timeout, ca_file, cert_file, key_file, token_file } = this.#config;
    const setting = `export.remote_write.${this.name}`;
    const tls = { caFile: ca_file, certFile: cert_file, keyFile: key_file };
    if (token_file !== undefined) this.#token = new SentToken(token_file, setting, this.#host);
    this.#client = new HttpClient({ timeoutMs: timeout, tls, setting }, this.#host);
    this.#books.open(['point'], this.#room.maxBytes);
    const { clock } = this.#host;
    this.#cancelForget = clock.every(FORGET_EVERY_MS, () => this.#writer.expire(clock.monotonicMs(), clock.nowMs()));
    this.#books.written(0);
  }

  async stop(withinMs: number): Promise<void> {
    this.#cancelForget();
    this.#close();
    await this.#delivery.stop(withinMs);
    this.#client?.close();
    this.#token?.stop();
  }

  takePoints(points: readonly DataPoint[]): void {
    const nowMs = this.#host.clock.monotonicMs();
    const told = new Set<string>();
    for (const point of points) {
      const { resource } = point.metric;
      const taken = this.#writer.take(point, nowMs);
      if (taken === undefined) continue;
      const { samples, reason } = taken;
      this.#books.pushed(1);
      if (samples.length === 0) {
        this.#leaveOut(point, reason);
        continue;
      }
      if (!told.has(resource.key)) samples.push(...this.#writer.target(resource, wholeMs(point.timeMs)));
      told.add(resource.key);
      this.#gather(new SampleBatch(samples, 1));
    }
  }

  #leaveOut({ metric }: DataPoint, reason: Taken['reason']): void {
    this.#books.failed({ unit: 'point', count: 1 }, reason);
    if (reason === 'not_newer') return;
    const message = `series of ${metric.name} come from several sources under the same labels, and those of one are pushed; give each a service.instance.id`;
    this.#host.log('warning', `LABELS_${this.name}`, message);
  }

  /** Puts the samples of one point into the request that is being gathered; they are never divided. */
  #gather(added: SampleBatch): void {
    if (this.#open !== undefined && !this.#open.has(added, this.#config.max_samples_per_send)) this.#close();
    this.#books.queued('point', added.count);
    if (this.#open === undefined) {
      this.#open = added;
      this.#cancelDelay = this.#host.clock.after(this.#config.batch_delay, () => this.#close());
    } else this.#open.append(added);
    if (this.#open.samples.length >= this.#config.max_samples_per_send) this.#close();
  }

  #close(): void {
    this.#cancelDelay();
    this.#books.written(this.#writer.sizeBytes);
    const batch = this.#open;
    if (batch === undefined) return;
    this.#open = undefined;
    this.#books.queued('point', -batch.count);
    this.#delivery.add(batch);
  }

  where(): string {
    const { origin, pathname } = new URL(this.#config.url);
    return origin + pathname;
  }

  join(last: SampleBatch, next: SampleBatch): boolean {
    if (!last.has(next, this.#config.max_samples_per_send)) return false;
    last.append(next);
    return true;
  }

  async prepare(batch: SampleBatch): Promise<(cut: AbortSignal) => Promise<Attempt>> {
    let encoded: { version: WriteVersion; body: Uint8Array } | undefined;
    return async (cut) => {
      for (;;) {
        const version = this.#protocol.version(this.#host.clock.monotonicMs());
        if (encoded?.version !== version) encoded = { version, body: this.#encode(batch, version) };
        const result = await this.#post(encoded.body, version, cut);
        if (result === undefined) return { isSettled: true, settle: () => this.#books.failed(batch, 'stop') };
        const sent = { version, isAuto: this.#protocol.isAuto, samples: batch.samples.length };
        const verdict = judgeWrite(result, sent, this.#host.clock.nowMs());
        if (verdict.kind === 'older') {
          this.#protocol.isOlder(this.#host.clock.monotonicMs());
          const message = `${this.where()} does not know remote write 2.0; 1.0 is spoken for an hour`;
          this.#host.log('info', `OLDER_${this.name}`, message);
          continue;
        }
        if (verdict.kind === 'done' && version === '1.0') await this.#tellMetadata(cut);
        return this.#attempt(batch, result, verdict);
      }
    };
  }

  #encode(batch: SampleBatch, version: WriteVersion): Uint8Array {
    const { metadata } = this.#config;
    return version === '1.0' ? encodeV1(batch.samples) : encodeV2(batch.samples, { hasMetadata: metadata });
  }

  #attempt(batch: SampleBatch, result: PostResult, verdict: Exclude<WriteVerdict, { kind: 'older' }>): Attempt {
    const why = result.error === '' ? `HTTP ${result.httpStatus}` : result.error;
    if (verdict.kind === 'again') return { isSettled: false, why, afterMs: verdict.afterMs };
    return { isSettled: true, settle: () => this.#settle(batch, verdict, why) };
  }

  /** A receiver tells how many samples it left out and not which; at most so many points lost one. */
  #settle(batch: SampleBatch, { refused, reason }: Extract<WriteVerdict, { kind: 'done' }>, why: string): void {
    const of = { exporter: this.name };
    const rejected = Math.min(refused, batch.count);
    this.#books.rejected({ unit: 'point', count: rejected });
    this.#books.delivered({ unit: 'point', count: batch.count - rejected });
    this.#host.count('samples_sent', batch.samples.length - refused, { ...of, outcome: 'taken' });
    if (refused === 0) return;
    this.#host.count('samples_sent', refused, { ...of, outcome: 'refused' });
    this.#host.count('refusals', 1, { ...of, reason });
    const message = `${this.where()} ${why}: ${refused} of ${batch.samples.length} samples were refused (${reason})`;
    this.#host.log('error', `REFUSED_${this.name}`, message);
  }

  /** Best effort: what fails is told again with the next. */
  async #tellMetadata(cut: AbortSignal): Promise<void> {
    const nowMs = this.#host.clock.monotonicMs();
    if (!this.#config.metadata || nowMs - this.#metadataAtMs < METADATA_EVERY_MS) return;
    this.#metadataAtMs = nowMs;
    const metrics = [...new Map([...this.#writer.metrics()].map((metric) => [metric.name, metric])).values()];
    for (let from = 0; from < metrics.length; from += METADATA_PER_SEND)
      await this.#post(encodeV1Metadata(metrics.slice(from, from + METADATA_PER_SEND)), '1.0', cut);
  }

  /** @returns undefined before `start` */
  async #post(body: Uint8Array, version: WriteVersion, cut: AbortSignal): Promise<PostResult | undefined> {
    const { url, headers } = this.#config;
    const { contentType, header } = VERSIONS[version];
    const authorization = this.#token === undefined ? {} : { authorization: this.#token.authorization };
    const described = {
      'user-agent': 'evenkeel',
      ...headers,
      ...authorization,
      'content-type': contentType,
      'content-encoding': 'snappy',
      'x-prometheus-remote-write-version': header,
    };
    const result = await this.#client?.post(url, snappy.compress(body), described, cut);
    if (result !== undefined) this.#books.attempted(outcomeOf(result));
    return result;
  }
}

function outcomeOf({ httpStatus }: PostResult): string {
  if (httpStatus === 0) return 'unanswered';
  return httpStatus >= 200 && httpStatus < 300 ? 'delivered' : String(httpStatus);
}
