// OTLP/HTTP exporter: a queue bounded in bytes, one delivery at a time, retries with jitter, books in spans.
import type { Host } from '../pipeline/contract.ts';
import type { DataPoint } from '../model/data-point.ts';
import { SpanEncoder } from '../otlp/encode.ts';
import { encodeMetrics } from '../otlp/encode-metrics.ts';
import { giveBackWhole } from '../otlp/give-back.ts';
import type { Exportable, KeptBatch, LogsBody } from '../sample/contract.ts';
import { BodyParts } from './body-parts.ts';
import { endOfBody } from './end-of-body.ts';
import { compressors } from './compressors.ts';
import type { OtlpExporterConfig } from './config.ts';
import type { PointExporter, TraceExporter } from './contract.ts';
import { HttpClient, type PostResult } from './http-client.ts';
import { type exportInstruments, FAILED_REASONS } from './instruments.ts';
import { readRejectedSpans } from './partial-success.ts';
import { isRetryable, parseRetryAfterMs, retryDelayMs } from './retry.ts';

/** Until `memory_limit` says otherwise. */
const DEFAULT_MAX_QUEUE_BYTES = 64 * 1024 * 1024;

type Signal = Exportable['signal'] | 'metrics';
/** Headers that each request of a signal carries beside those configured. */
export type Marks = (signal: Signal) => Record<string, string>;

type ExportHost = Host<keyof typeof exportInstruments>;
type FailedReason = (typeof FAILED_REASONS)[number];

/** Small bodies are joined up to here. */
const JOINED_BYTES = 512 * 1024;

interface Waiting {
  readonly signal: Signal;
  readonly parts: BodyParts;
  spans: number;
  readonly contentType: string;
  /** As received for bodies passed on as they came; empty where we compress ourselves. */
  readonly contentEncoding: string;
}

/** Makes an exporter; nothing is opened before `start`. */
export function otlpHttpExporter(
  name: string,
  config: OtlpExporterConfig,
  host: ExportHost,
  marks: Marks = () => ({}),
): TraceExporter & PointExporter {
  return new OtlpHttpExporter(name, config, host, marks);
}

class OtlpHttpExporter implements TraceExporter, PointExporter {
  readonly name: string;
  readonly #config: OtlpExporterConfig;
  readonly #host: ExportHost;
  readonly #maxQueueBytes: number;
  readonly #marks: Marks;
  readonly #encoder = new SpanEncoder();
  readonly #queue: Waiting[] = [];
  readonly #cut = new AbortController();
  #client: HttpClient | undefined;
  #queuedBytes = 0;
  #queuedSpans = 0;
  #delivering: Promise<void> | undefined;

  constructor(name: string, config: OtlpExporterConfig, host: ExportHost, marks: Marks) {
    this.name = name;
    this.#config = config;
    this.#host = host;
    this.#marks = marks;
    this.#maxQueueBytes = config.max_queue ?? DEFAULT_MAX_QUEUE_BYTES;
  }

  get queueFill(): number {
    return this.#queuedBytes / this.#maxQueueBytes;
  }

  async start(): Promise<void> {
    const { timeout, ca_file, cert_file, key_file } = this.#config;
    const tls = { caFile: ca_file, certFile: cert_file, keyFile: key_file };
    this.#client = new HttpClient({ timeoutMs: timeout, tls, setting: `export.otlp.${this.name}` }, this.#host);
    for (const reason of FAILED_REASONS) this.#countFailed(reason, 0);
    this.#host.count('delivered', 0, { exporter: this.name });
    this.#host.count('rejected', 0, { exporter: this.name });
    this.#gauges();
  }

  take(batch: Exportable): void {
    if (batch.signal !== 'traces') return this.#enqueue(passOn(batch));
    // Cut where it would be too large for a receiver, be it in the middle of one giant trace.
    for (let from = 0; from < batch.spanCount;) {
      const to = endOfBody(batch, from);
      this.#enqueue(this.#encode(batch, from, to));
      from = to;
    }
  }

  takePoints(points: readonly DataPoint[]): void {
    for (const { body } of encodeMetrics(points)) {
      const described = { contentType: 'application/x-protobuf', contentEncoding: '' };
      this.#enqueue({ signal: 'metrics', parts: new BodyParts(body), spans: 0, ...described });
    }
  }

  #enqueue(waiting: Waiting): void {
    if (this.#queuedBytes + waiting.parts.sizeBytes > this.#maxQueueBytes || this.#cut.signal.aborted) {
      const reason = this.#cut.signal.aborted ? 'stop' : 'queue_full';
      this.#fail(waiting, reason);
      return;
    }
    this.#queuedBytes += waiting.parts.sizeBytes;
    this.#queuedSpans += waiting.spans;
    this.#joinOrPush(waiting);
    this.#gauges();
    this.#delivering ??= this.#deliverAll();
  }

  async stop(withinMs: number): Promise<void> {
    const cancel = this.#host.clock.after(withinMs, () => {
      const lost = `${this.#queuedSpans} spans were not delivered within the drain limit and are lost`;
      this.#host.log('error', `STOP_${this.name}`, lost);
      this.#cut.abort();
    });
    await this.#delivering;
    cancel();
    this.#cut.abort();
    this.#client?.close();
  }

  /** Small bodies that wait become one request: late spans come a few at a time, and a request each would not keep up. */
  #joinOrPush(waiting: Waiting): void {
    // The first is being delivered and stays as it is.
    const last = this.#queue.length > 1 ? this.#queue.at(-1) : undefined;
    const isJoined =
      last?.signal === 'traces' &&
      waiting.signal === 'traces' &&
      last.parts.sizeBytes + waiting.parts.sizeBytes <= JOINED_BYTES;
    if (!isJoined) {
      this.#queue.push(waiting);
      return;
    }
    last.parts.append(waiting.parts.whole());
    last.spans += waiting.spans;
  }

  #encode(batch: KeptBatch, from: number, to: number): Waiting {
    const body = this.#encoder.encode(batch, from, to);
    return {
      signal: 'traces',
      parts: new BodyParts(body),
      spans: to - from,
      contentType: 'application/x-protobuf',
      contentEncoding: '',
    };
  }

  async #deliverAll(): Promise<void> {
    for (let waiting = this.#queue[0]; waiting !== undefined; waiting = this.#queue[0]) {
      try {
        await this.#deliver(waiting);
      } catch (error) {
        // Nothing here is meant to throw; should it, one batch is lost and said to be, not the process.
        this.#host.log('error', `INTERNAL_${this.name}`, `a batch is given up: ${String(error)}`);
        this.#fail(waiting, 'internal');
      }
      this.#queue.shift();
      this.#queuedBytes -= waiting.parts.sizeBytes;
      this.#queuedSpans -= waiting.spans;
      this.#gauges();
    }
    // In the same turn that saw the queue empty, so that no batch is left without anyone to deliver it.
    this.#delivering = undefined;
  }

  async #deliver(waiting: Waiting): Promise<void> {
    const { clock } = this.#host;
    const { body, headers } = await this.#request(waiting);
    const startedMs = clock.monotonicMs();
    for (let attempt = 1; ; attempt++) {
      if (this.#cut.signal.aborted || this.#client === undefined) return this.#fail(waiting, 'stop');
      const result = await this.#client.post(this.#url(waiting.signal), body, headers, this.#cut.signal);
      const { httpStatus } = result;
      if (httpStatus >= 200 && httpStatus < 300) {
        // Spans were encoded for this exporter alone; bodies of other signals are shared.
        if (waiting.signal === 'traces' && result.isWritten) giveBackWhole(body);
        return this.#delivered(waiting, result);
      }
      this.#host.count('requests', 1, {
        exporter: this.name,
        outcome: httpStatus === 0 ? 'unanswered' : `${httpStatus}`,
      });
      if (!isRetryable(httpStatus)) return this.#refused(waiting, result);
      if (this.#cut.signal.aborted) return this.#fail(waiting, 'stop');
      const asked = parseRetryAfterMs(result.headers['retry-after'], clock.nowMs());
      const options = {
        initialMs: this.#config.retry_initial,
        maxMs: this.#config.retry_max,
        elapsedMs: this.#config.retry_elapsed,
      };
      const sinceFirstMs = clock.monotonicMs() - startedMs;
      const delayMs = retryDelayMs(options, attempt, sinceFirstMs, asked, this.#host.random());
      const why = result.error === '' ? `HTTP ${httpStatus}` : result.error;
      const isLast = delayMs === undefined;
      const next = isLast ? 'the batch is given up' : 'will be tried again';
      const code = `${isLast ? 'GIVEN_UP' : 'EXPORT'}_${this.name}`;
      this.#host.log(isLast ? 'error' : 'warning', code, `${this.#safeUrl(waiting.signal)} ${why}; ${next}`);
      if (isLast) return this.#fail(waiting, 'retries');
      await this.#sleep(delayMs);
    }
  }

  async #request(waiting: Waiting): Promise<{ body: Uint8Array; headers: Record<string, string> }> {
    const { compression, headers: configured } = this.#config;
    const headers: Record<string, string> = { ...configured, ...this.#marks(waiting.signal) };
    headers['content-type'] = waiting.contentType;
    const body = waiting.parts.whole();
    if (waiting.contentEncoding !== '' || compression === 'none') {
      if (waiting.contentEncoding !== '' && waiting.contentEncoding !== 'identity')
        headers['content-encoding'] = waiting.contentEncoding;
      return { body, headers };
    }
    headers['content-encoding'] = compression;
    const compressed = await compressors[compression](body);
    if (waiting.signal === 'traces') giveBackWhole(body);
    return { body: compressed, headers };
  }

  #url(signal: Signal): string {
    const { endpoint, traces_endpoint } = this.#config;
    if (signal === 'traces' && traces_endpoint !== undefined) return traces_endpoint;
    const url = new URL(endpoint);
    url.pathname = `${url.pathname.replace(/\/+$/, '')}/v1/${signal}`;
    return url.href;
  }

  /** Without query: some receivers take their token there. */
  #safeUrl(signal: Signal): string {
    const { origin, pathname } = new URL(this.#url(signal));
    return origin + pathname;
  }

  #delivered(waiting: Waiting, result: PostResult): void {
    this.#host.count('requests', 1, { exporter: this.name, outcome: 'delivered' });
    if (waiting.signal !== 'traces') {
      this.#host.count('forwarded', 1, { signal: waiting.signal });
      return;
    }
    const rejected = Math.min(readRejectedSpans(result.body, result.headers['content-type']), waiting.spans);
    if (rejected > 0) {
      this.#host.count('rejected', rejected, { exporter: this.name });
      this.#host.log('warning', `PARTIAL_${this.name}`, `${rejected} spans of a batch were rejected by the receiver`);
    }
    this.#host.count('delivered', waiting.spans - rejected, { exporter: this.name });
  }

  #refused(waiting: Waiting, result: PostResult): void {
    const where = this.#safeUrl(waiting.signal);
    this.#host.log('error', `REFUSED_${this.name}`, `${where} HTTP ${result.httpStatus}; the batch is given up`);
    if (waiting.signal === 'traces') this.#host.count('rejected', waiting.spans, { exporter: this.name });
    else this.#host.count('dropped', 1, { signal: waiting.signal, reason: 'failed' });
  }

  #fail(waiting: Waiting, reason: FailedReason): void {
    if (waiting.signal === 'traces') this.#countFailed(reason, waiting.spans);
    else this.#host.count('dropped', 1, { signal: waiting.signal, reason: 'failed' });
  }

  #countFailed(reason: FailedReason, spans: number): void {
    this.#host.count('failed', spans, { exporter: this.name, reason });
  }

  #gauges(): void {
    this.#host.record('queued', this.#queuedSpans, { exporter: this.name });
    this.#host.record('queue_size', this.#queuedBytes, { exporter: this.name });
  }

  /** Sleeps, unless the drain ends first. */
  #sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#host.clock.after(delayMs, done);
      const { signal } = this.#cut;
      function done(): void {
        cancel();
        signal.removeEventListener('abort', done);
        resolve();
      }
      signal.addEventListener('abort', done);
    });
  }
}

function passOn({ signal, body, contentType, contentEncoding }: LogsBody): Waiting {
  return { signal, parts: new BodyParts(body), spans: 0, contentType, contentEncoding };
}
