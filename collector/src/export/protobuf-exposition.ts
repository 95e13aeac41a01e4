// Writes families as io.prometheus.client.MetricFamily, each with its length in front: the one format with native histograms.
// @see prometheus/client_model, metrics.proto
import type { ClassicHistogram, Exemplar, MetricFamily, MetricPoint } from '../model/metric-family.ts';
import { ProtobufWriter, varintLength } from '../otlp/writer.ts';
import { classicOfExponential } from './classic-of-exponential.ts';
import { exemplarLabels } from './exposition.ts';
import { type NativeBuckets, type NativeHistogram, nativeHistogram } from './native-histogram.ts';
import { emptied, type PageFamily, type PageSeries } from './page-families.ts';
import type { Label } from './prometheus-naming.ts';

const TYPE: Readonly<Record<MetricFamily['kind'], number>> = {
  counter: 0,
  gauge: 1,
  summary: 2,
  unknown: 3,
  histogram: 4,
  info: 1,
};

/** Writes one family, series by series. */
export class ProtobufFamily {
  readonly #kind: MetricFamily['kind'];
  readonly #name: string;
  readonly #hold: (series: string, point: MetricPoint) => boolean;
  readonly #out = new ProtobufWriter();

  /** @param hold see TextOptions */
  constructor({ name, unit, help, kind }: PageFamily, hold: (series: string, point: MetricPoint) => boolean) {
    this.#kind = kind;
    this.#name = name;
    this.#hold = hold;
    this.#out.text(1, kind === 'counter' ? `${name}_total` : kind === 'info' ? `${name}_info` : name);
    this.#out.text(2, help);
    this.#out.uint32(3, TYPE[kind]);
    if (unit !== '') this.#out.text(5, unit);
  }

  add({ labels, key, point }: PageSeries): void {
    const out = this.#out;
    const metric = out.open(4);
    for (const label of labels) writeLabel(out, 1, label);
    const isHeld = this.#hold(`${this.#name}{${key}}`, point);
    if (this.#kind === 'histogram') writeHistogram(out, point, isHeld);
    else if (this.#kind === 'summary') writeSummary(out, isHeld ? emptied(point) : point);
    else this.#writeNumber(isHeld ? emptied(point) : point);
    out.close(metric);
  }

  /** The message with its length in front, as a copy. */
  finish(): Uint8Array {
    const framed = new ProtobufWriter(this.#out.length + varintLength(this.#out.length));
    framed.varint(this.#out.length);
    framed.raw(this.#out.bytes());
    return framed.bytes();
  }

  #writeNumber({ value = 0, exemplars = [], createdMs }: MetricPoint): void {
    const out = this.#out;
    const field = { counter: 3, gauge: 2, info: 2, unknown: 5 }[this.#kind as 'counter' | 'gauge' | 'info' | 'unknown'];
    const number = out.open(field);
    out.double(1, value);
    const exemplar = exemplars.at(-1);
    if (this.#kind === 'counter' && exemplar !== undefined) writeExemplar(out, 2, exemplar);
    if (this.#kind === 'counter') writeTime(out, 3, createdMs);
    out.close(number);
  }
}

function writeSummary(out: ProtobufWriter, { summary, createdMs }: MetricPoint): void {
  if (summary === undefined) return;
  const message = out.open(4);
  out.uint32(1, summary.count);
  out.double(2, summary.sum);
  for (const { quantile, value } of summary.quantiles) {
    const each = out.open(3);
    out.double(1, quantile);
    out.double(2, value);
    out.close(each);
  }
  writeTime(out, 4, createdMs);
  out.close(message);
}

/** Both shapes of it: who knows native histograms takes that one, unless told to take the classic one too. */
function writeHistogram(out: ProtobufWriter, point: MetricPoint, isHeld: boolean): void {
  const { exponential } = point;
  const known = point.histogram ?? (exponential && classicOfExponential(exponential));
  if (known === undefined) return;
  const classic = isHeld ? { ...known, counts: known.counts.map(() => 0), sum: 0 } : known;
  const held = exponential && (isHeld ? emptied(point).exponential : exponential);
  const native = held && nativeHistogram(held);
  const exemplars = isHeld ? [] : (point.exemplars ?? []);
  const count = native?.count ?? classic.counts.reduce((sum, each) => sum + each, 0);
  const sum = native === undefined || Number.isNaN(native.sum) ? classic.sum : native.sum;
  const message = out.open(7);
  writeCount(out, 1, 4, count);
  if (!Number.isNaN(sum)) out.double(2, sum);
  writeBuckets(out, classic, exemplars);
  if (native !== undefined) writeNative(out, native, exemplars);
  writeTime(out, 15, point.createdMs);
  out.close(message);
}

function writeBuckets(out: ProtobufWriter, { bounds, counts }: ClassicHistogram, exemplars: readonly Exemplar[]): void {
  let cumulative = 0;
  counts.forEach((count, i) => {
    cumulative += count;
    const lower = bounds[i - 1] ?? -Infinity;
    const upper = bounds[i] ?? Infinity;
    const bucket = out.open(3);
    writeCount(out, 1, 4, cumulative);
    out.double(2, upper);
    const exemplar = exemplars.findLast(({ value }) => value > lower && value <= upper);
    if (exemplar !== undefined) writeExemplar(out, 3, exemplar);
    out.close(bucket);
  });
}

function writeNative(out: ProtobufWriter, native: NativeHistogram, exemplars: readonly Exemplar[]): void {
  writeSigned(out, 5, native.schema);
  out.double(6, native.zeroThreshold);
  if (native.isWhole) out.uint32(7, native.zeroCount);
  else out.double(8, native.zeroCount);
  writeSpans(out, 9, native.negative, native.isWhole);
  writeSpans(out, 12, native.positive, native.isWhole);
  for (const exemplar of exemplars) writeExemplar(out, 16, exemplar);
}

/** @param field of spans; differences follow at the next number, plain counts at the one after */
function writeSpans(out: ProtobufWriter, field: number, { spans, counts }: NativeBuckets, isWhole: boolean): void {
  for (const { offset, length } of spans) {
    const span = out.open(field);
    writeSigned(out, 1, offset);
    out.uint32(2, length);
    out.close(span);
  }
  let before = 0;
  for (const count of counts) {
    if (isWhole) writeSigned(out, field + 1, count - before);
    else out.double(field + 2, count);
    before = count;
  }
}

/** A count as integer where it is one, else as the float that stands for it. */
function writeCount(out: ProtobufWriter, wholeField: number, floatField: number, count: number): void {
  if (Number.isSafeInteger(count)) out.uint32(wholeField, count);
  else out.double(floatField, count);
}

function writeSigned(out: ProtobufWriter, field: number, value: number): void {
  out.uint32(field, value < 0 ? -2 * value - 1 : 2 * value);
}

function writeExemplar(out: ProtobufWriter, field: number, exemplar: Exemplar): void {
  const message = out.open(field);
  for (const label of exemplarLabels(exemplar)) writeLabel(out, 1, label);
  out.double(2, exemplar.value);
  writeTime(out, 3, exemplar.timestampMs);
  out.close(message);
}

function writeLabel(out: ProtobufWriter, field: number, [name, value]: Label): void {
  const message = out.open(field);
  out.text(1, name);
  out.text(2, value);
  out.close(message);
}

/** google.protobuf.Timestamp. */
function writeTime(out: ProtobufWriter, field: number, ms: number | undefined): void {
  if (ms === undefined || ms < 0) return;
  const message = out.open(field);
  const seconds = Math.floor(ms / 1000);
  out.uint32(1, seconds);
  out.uint32(2, Math.round((ms - seconds * 1000) * 1000) * 1000);
  out.close(message);
}
