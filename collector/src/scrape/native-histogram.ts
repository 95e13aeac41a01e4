// A native histogram of Prometheus as an exponential one of OpenTelemetry: spans and differences become dense counts.
// @see prometheus/client_model, message Histogram; OpenTelemetry specification, Exponential Histograms
import type { Buckets, ExponentialHistogramValue } from '../model/data-point.ts';
import type { MessageReader } from '../otlp/message-reader.ts';

/** Of each sign; a span that leaves out more buckets is a mistake, or meant to fill the memory. */
const MAX_BUCKETS = 16_384;
/** Of exponential buckets; others are bounds of another kind. */
const MIN_SCHEMA = -4;
const MAX_SCHEMA = 8;

interface Span {
  readonly offset: number;
  readonly length: number;
}

/** Gathers the fields of one histogram; those of its classic buckets are left to others. */
export class NativeDraft {
  count = 0;
  sum = 0;
  readonly #spans: { positive: Span[]; negative: Span[] } = { positive: [], negative: [] };
  readonly #deltas: { positive: number[]; negative: number[] } = { positive: [], negative: [] };
  #schema = 0;
  #zeroThreshold = 0;
  #zeroCount = 0;
  #hasFractions = false;

  /** Takes the field that the message stands on. */
  read(message: MessageReader): void {
    const { field } = message;
    if (field === 1) this.count = Number(BigInt.asUintN(64, message.varint64()));
    else if (field === 2) this.sum = message.double();
    else if (field === 5) this.#schema = message.sint32();
    else if (field === 6) this.#zeroThreshold = message.double();
    else if (field === 7) this.#zeroCount = Number(BigInt.asUintN(64, message.varint64()));
    else if (field === 9) this.#spans.negative.push(spanOf(message.message()));
    else if (field === 10) message.varints(this.#deltas.negative);
    else if (field === 12) this.#spans.positive.push(spanOf(message.message()));
    else if (field === 13) message.varints(this.#deltas.positive);
    else if (field === 4 || field === 8 || field === 11 || field === 14) this.#hasFractions = true;
  }

  /** An empty one is known by a span of no length. */
  get isNative(): boolean {
    const { positive, negative } = this.#spans;
    return positive.length + negative.length > 0 || this.#zeroThreshold > 0 || this.#zeroCount > 0;
  }

  /** Undefined where its buckets are of another kind, hold fractions or contradict themselves. */
  value(): ExponentialHistogramValue | undefined {
    if (this.#hasFractions || this.#schema < MIN_SCHEMA || this.#schema > MAX_SCHEMA) return undefined;
    const positive = denseOf(this.#spans.positive, this.#deltas.positive);
    const negative = denseOf(this.#spans.negative, this.#deltas.negative);
    if (positive === undefined || negative === undefined) return undefined;
    return {
      type: 'exponential_histogram',
      count: this.count,
      sum: this.sum,
      min: undefined,
      max: undefined,
      scale: this.#schema,
      zeroCount: this.#zeroCount,
      zeroThreshold: this.#zeroThreshold,
      positive,
      negative,
    };
  }
}

function spanOf(message: MessageReader): Span {
  let [offset, length] = [0, 0];
  while (message.next()) {
    if (message.field === 1) offset = message.sint32();
    else if (message.field === 2) length = message.varint32();
  }
  return { offset, length };
}

/** @param deltas in zigzag form, each to the bucket before */
function denseOf(spans: readonly Span[], deltas: readonly number[]): Buckets | undefined {
  const counts: number[] = [];
  let count = 0;
  let next = 0;
  for (const [i, { offset, length }] of spans.entries()) {
    const gap = i === 0 ? 0 : offset;
    if (gap < 0 || counts.length + gap + length > MAX_BUCKETS || next + length > deltas.length) return undefined;
    for (let k = 0; k < gap; k++) counts.push(0);
    for (let k = 0; k < length; k++) {
      const delta = deltas[next++] ?? 0;
      count += delta % 2 === 0 ? delta / 2 : -(delta + 1) / 2;
      if (count < 0) return undefined;
      counts.push(count);
    }
  }
  if (next !== deltas.length) return undefined;
  // Prometheus names a bucket by its upper bound, OpenTelemetry by its lower one.
  return counts.length === 0 ? { offset: 0, counts } : { offset: (spans[0]?.offset ?? 0) - 1, counts };
}
