// OTLP exporter: makes requests of kept spans, points and logs for one receiver, whichever protocol it speaks.
import type { EncodedMetrics } from '../otlp/encode-metrics.ts';
import { SpanEncoder } from '../otlp/encode.ts';
import { giveBackWhole } from '../otlp/give-back.ts';
import type { Exportable } from '../sample/contract.ts';
import { BodyParts } from './body-parts.ts';
import { compressors, unpacked } from './compressors.ts';
import type { OtlpExporterConfig } from './config.ts';
import { DEFAULT_MAX_QUEUE_BYTES } from './defaults.ts';
import type { Marks, OtlpExporter, Signal } from './contract.ts';
import { type Attempt, type Courier, Delivery, QueueRoom } from './delivery.ts';
import { endOfBody } from './end-of-body.ts';
import { ExporterBooks, type ExportHost, type Unit } from './exporter-books.ts';
import { otlpGrpc } from './otlp-grpc.ts';
import { otlpHttp } from './otlp-http.ts';
import type { OtlpAnswer, OtlpTransport } from './otlp-transport.ts';

/** Small bodies are joined up to here. */
const JOINED_BYTES = 512 * 1024;

/** Of the queue, that metrics or logs may take where there are other signals. */
const SHARE_BESIDE_OTHERS = 1 / 2;

/** A receiver that takes no such signal is asked again after this: it may have been replaced by one that does. */
const UNSUPPORTED_FOR_MS = 600_000;

const PROTOBUF = { contentType: 'application/x-protobuf', encoding: '' } as const;
const UNITS = { traces: 'span', metrics: 'point', logs: 'request' } as const satisfies Record<Signal, Unit>;

interface OtlpParcel {
  readonly signal: Signal;
  readonly unit: Unit;
  count: number;
  parts: BodyParts;
  readonly sizeBytes: number;
  /** The compressed body, once somebody began to make it. */
  packed?: Promise<Uint8Array>;
  readonly contentType: string;
  /** As received for bodies passed on as they came; empty where we compress ourselves. */
  readonly encoding: string;
}

/** Makes an exporter; nothing is opened before `start`. */
export function otlpExporter(
  name: string,
  config: OtlpExporterConfig,
  host: ExportHost,
  marks: Marks = () => ({}),
): OtlpExporter {
  return new Exporter(name, config, host, marks);
}

class Exporter implements OtlpExporter, Courier<OtlpParcel> {
  readonly name: string;
  readonly signals: ReadonlySet<Signal>;
  readonly #config: OtlpExporterConfig;
  readonly #host: ExportHost;
  readonly #marks: Marks;
  readonly #books: ExporterBooks;
  readonly #room: QueueRoom;
  /** One a signal: a receiver that is slow with one may well take the others. */
  readonly #deliveries: Readonly<Record<Signal, Delivery<OtlpParcel>>>;
  readonly #encoder = new SpanEncoder();
  /** Monotonic time until which a signal is not sent, because the receiver said that it takes none. */
  readonly #unsupportedUntilMs = new Map<Signal, number>();
  #transport: OtlpTransport | undefined;

  constructor(name: string, config: OtlpExporterConfig, host: ExportHost, marks: Marks) {
    this.name = name;
    this.signals = new Set(config.signals);
    this.#config = config;
    this.#host = host;
    this.#marks = marks;
    this.#books = new ExporterBooks(name, host);
    const { retry_initial: initialMs, retry_max: maxMs, retry_elapsed: elapsedMs } = config;
    const retry = { initialMs, maxMs, elapsedMs };
    this.#room = new QueueRoom(config.max_queue ?? DEFAULT_MAX_QUEUE_BYTES);
    // Increments of delta points and spans are lost for good either way; what is queued may be half-way through already.
    const options = { name, room: this.#room, retry, whenFull: 'newest_lost' } as const;
    // What a receiver does not take of one signal leaves room for the others.
    const share = this.signals.size === 1 ? 1 : SHARE_BESIDE_OTHERS;
    const delivery = (of: number): Delivery<OtlpParcel> =>
      new Delivery({ ...options, share: of }, this, this.#books, host);
    this.#deliveries = { traces: delivery(1), metrics: delivery(share), logs: delivery(share) };
  }

  get queueFill(): number {
    return this.#room.fill;
  }

  get isFailing(): boolean {
    return Object.values(this.#deliveries).some(({ isFailing }) => isFailing);
  }

  async start(): Promise<void> {
    const open = this.#config.protocol === 'grpc' ? otlpGrpc : otlpHttp;
    this.#transport = open(this.name, this.#config, this.#host);
    this.#books.open(
      [...this.signals].map((signal) => UNITS[signal]),
      this.#room.maxBytes,
    );
  }

  async stop(withinMs: number): Promise<void> {
    await Promise.all(Object.values(this.#deliveries).map((delivery) => delivery.stop(withinMs)));
    this.#transport?.close();
  }

  take(batch: Exportable): void {
    if (!this.signals.has(batch.signal)) return;
    if (batch.signal === 'logs') {
      const { body, contentType, contentEncoding: encoding } = batch;
      return this.#add(parcelOf('logs', body, 1, { contentType, encoding }));
    }
    // Cut where it would be too large for a receiver, be it in the middle of one giant trace.
    for (let from = 0; from < batch.spanCount;) {
      const to = endOfBody(batch, from);
      this.#add(parcelOf('traces', this.#encoder.encode(batch, from, to), to - from));
      from = to;
    }
  }

  takeEncoded(encoded: readonly EncodedMetrics[]): void {
    for (const { body, points } of encoded) {
      this.#books.pushed(points);
      this.#add(parcelOf('metrics', body, points));
    }
  }

  #add(added: OtlpParcel): void {
    if (this.#isUnsupported(added.signal)) this.#books.failed(added, 'unsupported');
    else this.#deliveries[added.signal].add(added);
  }

  where({ signal }: OtlpParcel): string {
    return this.#transport?.where(signal) ?? '';
  }

  /** Small bodies that wait become one request: some come a few items at a time, and a request each would not keep up. */
  join(last: OtlpParcel, next: OtlpParcel): boolean {
    // Logs may be in any encoding, and two of those do not make one.
    if (last.signal !== next.signal || last.signal === 'logs') return false;
    if (last.parts.sizeBytes + next.parts.sizeBytes > JOINED_BYTES) return false;
    last.parts.append(next.parts.whole());
    last.count += next.count;
    return true;
  }

  async prepare(prepared: OtlpParcel): Promise<(cut: AbortSignal) => Promise<Attempt>> {
    const { signal, contentType } = prepared;
    const { compression, headers: configured } = this.#config;
    const headers = { ...configured, ...this.#marks(signal) };
    const isOurs = prepared.encoding === '';
    const encoding = isOurs ? (compression === 'none' ? 'identity' : compression) : prepared.encoding;
    const body = await this.#ready(prepared);
    return async (cut) => {
      const transport = this.#transport;
      if (transport === undefined) return { isSettled: true, settle: () => this.#books.failed(prepared, 'stop') };
      if (this.#isUnsupported(signal)) return this.#unsupported(prepared);
      const answer = await transport.send({ signal, body, contentType, encoding }, headers, cut);
      if (answer.verdict === 'taken' && signal === 'traces' && answer.isWritten) giveBackWhole(body);
      return this.#judge(prepared, answer);
    };
  }

  async pack(waiting: OtlpParcel): Promise<void> {
    if (waiting.encoding !== '') return;
    if (this.#config.compression !== 'none') {
      await this.#ready(waiting);
      return;
    }
    // It is sent as it is, but need not wait as it is: unpacking costs a tenth of what packing does.
    waiting.packed ??= packedBody(waiting, 'zstd');
    await waiting.packed;
  }

  /** The body as it is sent; compressed once, whether it waits or its turn has come. */
  #ready(parcel: OtlpParcel): Promise<Uint8Array> {
    const { compression } = this.#config;
    if (parcel.encoding !== '') return Promise.resolve(parcel.parts.whole());
    if (compression === 'none') return parcel.packed?.then(unpacked) ?? Promise.resolve(parcel.parts.whole());
    parcel.packed ??= packedBody(parcel, compression);
    return parcel.packed;
  }

  #judge(sent: OtlpParcel, { verdict, outcome, why, afterMs, rejected }: OtlpAnswer): Attempt {
    this.#books.attempted(outcome);
    if (verdict === 'again') return { isSettled: false, why, afterMs };
    if (verdict === 'unsupported') {
      this.#unsupportedUntilMs.set(sent.signal, this.#host.clock.monotonicMs() + UNSUPPORTED_FOR_MS);
      const message = `${this.where(sent)} ${why}: it takes no ${sent.signal}, which are not sent to it for 10 minutes; leave them out of its signals`;
      this.#host.log('warning', `UNSUPPORTED_${this.name}_${sent.signal}`, message);
      return this.#unsupported(sent);
    }
    if (verdict === 'refused') {
      this.#host.log('error', `REFUSED_${this.name}`, `${this.where(sent)} ${why}; the batch is given up`);
      return { isSettled: true, settle: () => this.#books.rejected(sent) };
    }
    return { isSettled: true, settle: () => this.#taken(sent, rejected) };
  }

  #taken(sent: OtlpParcel, leftOut: number): void {
    const { unit, count } = sent;
    // A request of logs was taken, whatever was left out of it.
    const rejected = unit === 'request' ? 0 : Math.min(leftOut, count);
    if (rejected > 0) {
      this.#books.rejected({ unit, count: rejected });
      const message = `${rejected} ${unit}s of a batch were rejected by the receiver`;
      this.#host.log('warning', `PARTIAL_${this.name}`, message);
    }
    this.#books.delivered({ unit, count: count - rejected });
  }

  #unsupported(sent: OtlpParcel): Attempt {
    return { isSettled: true, settle: () => this.#books.failed(sent, 'unsupported') };
  }

  #isUnsupported(signal: Signal): boolean {
    return this.#host.clock.monotonicMs() < (this.#unsupportedUntilMs.get(signal) ?? 0);
  }
}

/** @param described what we encoded ourselves, unless somebody else did */
function parcelOf(
  signal: Signal,
  body: Uint8Array,
  count: number,
  described: Pick<OtlpParcel, 'contentType' | 'encoding'> = PROTOBUF,
): OtlpParcel {
  return {
    signal,
    unit: UNITS[signal],
    count,
    parts: new BodyParts(body),
    get sizeBytes() {
      return this.parts.sizeBytes;
    },
    ...described,
  };
}

/** Compresses a body in place of what it was. */
async function packedBody(parcel: OtlpParcel, compression: 'gzip' | 'zstd'): Promise<Uint8Array> {
  const whole = parcel.parts.whole();
  const body = await compressors[compression](whole);
  // Spans were encoded for this exporter alone; bodies of other signals are shared.
  if (parcel.signal === 'traces') giveBackWhole(whole);
  parcel.parts = new BodyParts(body);
  return body;
}
