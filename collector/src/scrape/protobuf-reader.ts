// Reads an answer in Prometheus' protobuf format, the only one with native histograms: families, each after its length.
// @see prometheus/client_model, io/prometheus/client/metrics.proto, whose field numbers stand below
import type { PointValue } from '../model/data-point.ts';
import { Malformed } from '../otlp/malformed.ts';
import { MessageReader } from '../otlp/message-reader.ts';
import type { Head } from './cursor.ts';
import type { FamilyType, Place } from './families.ts';
import { ScrapeFault } from './fault.ts';
import { NativeDraft } from './native-histogram.ts';
import type { SampleSink, TextExemplar } from './text-reader.ts';

/** What is done with what text cannot say. */
export interface NativeSink extends SampleSink {
  /** @param place of a sample whose name does not tell it */
  add(raw: string, head: Head, place?: Place): void;
  /** Takes a native histogram of the sample found or added last; undefined where it cannot be told. */
  takeNative(value: PointValue | undefined, timeMs: number, exemplars: readonly TextExemplar[]): void;
  /** Says since when the value counts that was taken last, in Unix milliseconds. */
  takeCreated(createdMs: number): void;
}

const TYPES: readonly FamilyType[] = ['counter', 'gauge', 'summary', 'untyped', 'histogram', 'gaugehistogram'];
type Labels = Head['labels'];

export class ProtobufReader {
  readonly #bytes: Uint8Array;
  readonly #sink: NativeSink;
  readonly #walk: Iterator<void>;
  #name = '';
  #type: FamilyType = 'untyped';
  #labels: Labels = [];
  #timeMs = NaN;

  constructor(bytes: Uint8Array, sink: NativeSink) {
    this.#bytes = bytes;
    this.#sink = sink;
    this.#walk = this.#metrics();
  }

  /**
   * Reads on.
   *
   * @returns true once all is read
   * @throws ScrapeFault
   */
  step(maxMetrics: number): boolean {
    try {
      for (let i = 0; i < maxMetrics; i++) if (this.#walk.next().done === true) return true;
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      const reason = error.reason === 'truncated' ? 'truncated' : error.reason === 'utf8' ? 'bad_utf8' : 'syntax';
      throw new ScrapeFault(reason, `${error.reason} in a family of metrics`, { cause: error });
    }
    return false;
  }

  *#metrics(): Generator<void> {
    for (let at = 0; at < this.#bytes.length;) {
      const [start, end] = lengthAt(this.#bytes, at);
      const family = this.#bytes.subarray(start, end);
      this.#declare(MessageReader.of(family));
      for (const message = MessageReader.of(family); message.next();) {
        if (message.field !== 4) continue;
        this.#metric(message);
        yield;
      }
      at = end;
    }
  }

  /** What is said of a family may stand behind its metrics. */
  #declare(family: MessageReader): void {
    let [help, unit, type] = ['', '', 0];
    this.#name = '';
    while (family.next()) {
      if (family.field === 1) this.#name = family.text();
      else if (family.field === 2) help = family.text();
      else if (family.field === 3) type = family.varint32();
      else if (family.field === 5) unit = family.text();
    }
    if (this.#name === '') throw new ScrapeFault('syntax', 'a family without a name');
    this.#type = TYPES[type] ?? 'untyped';
    this.#sink.declare(this.#name, 'type', this.#type);
    this.#sink.declare(this.#name, 'help', help);
    this.#sink.declare(this.#name, 'unit', unit);
  }

  #metric(metric: MessageReader): void {
    this.#labels = [];
    this.#timeMs = NaN;
    const labels: [string, string][] = [];
    for (const message = metric.message(); message.next();) {
      if (message.field === 1) labels.push(labelOf(message.message()));
      else if (message.field === 6) this.#timeMs = Number(message.varint64());
    }
    this.#labels = labels;
    for (const message = metric.message(); message.next();) {
      const { field } = message;
      if (field === 2 || field === 3 || field === 5) this.#number(message.message());
      else if (field === 4) this.#summary(message.message());
      else if (field === 7) this.#histogram(message.message());
    }
  }

  /** Counter, gauge and untyped agree in their fields. */
  #number(message: MessageReader): void {
    let value = 0;
    let exemplar: TextExemplar | undefined;
    let createdMs = 0;
    while (message.next()) {
      if (message.field === 1) value = message.double();
      else if (message.field === 2) exemplar = exemplarOf(message.message());
      else if (message.field === 3) createdMs = timestampOf(message.message());
    }
    this.#sample('', this.#labels, value, exemplar);
    if (createdMs > 0) this.#sink.takeCreated(createdMs);
  }

  #summary(message: MessageReader): void {
    let [count, sum, createdMs] = [0, 0, 0];
    while (message.next()) {
      if (message.field === 1) count = Number(BigInt.asUintN(64, message.varint64()));
      else if (message.field === 2) sum = message.double();
      else if (message.field === 3) this.#quantile(message.message());
      else if (message.field === 4) createdMs = timestampOf(message.message());
    }
    this.#sample('_sum', this.#labels, sum, undefined);
    this.#sample('_count', this.#labels, count, undefined);
    if (createdMs > 0) this.#sink.takeCreated(createdMs);
  }

  #quantile(message: MessageReader): void {
    let [quantile, value] = [0, 0];
    while (message.next()) {
      if (message.field === 1) quantile = message.double();
      else if (message.field === 2) value = message.double();
    }
    this.#sample('', [...this.#labels, ['quantile', String(quantile)]], value, undefined);
  }

  #histogram(message: MessageReader): void {
    const draft = new NativeDraft();
    const buckets: { bound: number; count: number; exemplar: TextExemplar | undefined }[] = [];
    const exemplars: TextExemplar[] = [];
    let createdMs = 0;
    while (message.next()) {
      if (message.field === 3) buckets.push(bucketOf(message.message()));
      else if (message.field === 15) createdMs = timestampOf(message.message());
      else if (message.field === 16) exemplars.push(exemplarOf(message.message()));
      else draft.read(message);
    }
    if (draft.isNative) {
      const fromBuckets = buckets.flatMap(({ exemplar }) => exemplar ?? []);
      this.#native(draft, exemplars.length > 0 ? exemplars : fromBuckets);
    } else {
      if (buckets.at(-1)?.bound !== Infinity)
        buckets.push({ bound: Infinity, count: draft.count, exemplar: undefined });
      for (const { bound, count, exemplar } of buckets)
        this.#sample('_bucket', [...this.#labels, ['le', boundText(bound)]], count, exemplar);
      const isGauge = this.#type === 'gaugehistogram';
      this.#sample(isGauge ? '_gsum' : '_sum', this.#labels, draft.sum, undefined);
      this.#sample(isGauge ? '_gcount' : '_count', this.#labels, draft.count, undefined);
    }
    if (createdMs > 0) this.#sink.takeCreated(createdMs);
  }

  #native(draft: NativeDraft, exemplars: readonly TextExemplar[]): void {
    const name = this.#name;
    const raw = rawOf(name, this.#labels);
    const place = { role: 'native', name, kind: 'exponential_histogram', isMonotonic: true } as const;
    if (this.#sink.find(`${raw} `, 0) < 0) this.#sink.add(raw, { name, labels: this.#labels }, place);
    // One whose counts may fall has no kind in OpenTelemetry.
    const value = this.#type === 'gaugehistogram' ? undefined : draft.value();
    this.#sink.takeNative(value, this.#timeMs, exemplars);
  }

  #sample(suffix: string, labels: Labels, value: number, exemplar: TextExemplar | undefined): void {
    const name = this.#name + suffix;
    const raw = rawOf(name, labels);
    if (this.#sink.find(`${raw} `, 0) < 0) this.#sink.add(raw, { name, labels });
    this.#sink.take(value, this.#timeMs, exemplar);
  }
}

/** As a line of text would begin, so that the sink knows it again. */
function rawOf(name: string, labels: Labels): string {
  return `${name}{${labels.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')}}`;
}

function boundText(bound: number): string {
  return bound === Infinity ? '+Inf' : String(bound);
}

function labelOf(message: MessageReader): [string, string] {
  let [name, value] = ['', ''];
  while (message.next()) {
    if (message.field === 1) name = message.text();
    else if (message.field === 2) value = message.text();
  }
  return [name, value];
}

function bucketOf(message: MessageReader): { bound: number; count: number; exemplar: TextExemplar | undefined } {
  let [bound, count] = [0, 0];
  let exemplar: TextExemplar | undefined;
  while (message.next()) {
    if (message.field === 1) count = Number(BigInt.asUintN(64, message.varint64()));
    else if (message.field === 2) bound = message.double();
    else if (message.field === 3) exemplar = exemplarOf(message.message());
    else if (message.field === 4) count = message.double();
  }
  return { bound, count, exemplar };
}

function exemplarOf(message: MessageReader): TextExemplar {
  const labels: [string, string][] = [];
  let value = 0;
  let timeMs: number | undefined;
  while (message.next()) {
    if (message.field === 1) labels.push(labelOf(message.message()));
    else if (message.field === 2) value = message.double();
    else if (message.field === 3) timeMs = timestampOf(message.message());
  }
  return { labels, value, timeMs };
}

/** A google.protobuf.Timestamp in Unix milliseconds. */
function timestampOf(message: MessageReader): number {
  let [seconds, nanos] = [0, 0];
  while (message.next()) {
    if (message.field === 1) seconds = Number(message.varint64());
    else if (message.field === 2) nanos = message.varint32();
  }
  return seconds * 1000 + nanos / 1e6;
}

/** Where the message begins and ends whose length stands here. */
function lengthAt(bytes: Uint8Array, at: number): [start: number, end: number] {
  let length = 0;
  for (let position = at, factor = 1; position < bytes.length && position < at + 5; factor *= 128) {
    const byte = bytes[position++] ?? 0;
    length += (byte & 127) * factor;
    if (byte < 128 && position + length <= bytes.length) return [position, position + length];
    if (byte < 128) break;
  }
  throw new ScrapeFault('truncated', 'a family of metrics has no end');
}
