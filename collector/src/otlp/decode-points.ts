// Reads the data points of OTLP's five kinds of metric. A point that contradicts itself is left out, its neighbours stay.
// @see opentelemetry-proto, metrics/v1/metrics.proto, whose field numbers stand below
import type {
  Buckets,
  DataPoint,
  ExponentialHistogramValue,
  HistogramValue,
  Metric,
  MetricKind,
  PointExemplar,
  PointValue,
  SummaryValue,
} from '../model/data-point.ts';
import { isSound } from './judge-points.ts';
import type { MessageReader } from './message-reader.ts';
import type { AttributeMemory } from './attribute-memory.ts';
import { AttributeRuns } from './read-attributes.ts';

const NO_RECORDED_VALUE = 1;

/** What every kind of point has, gathered as its fields come. */
class PointDraft {
  readonly #memory: AttributeMemory;
  readonly attributes: AttributeRuns;
  exemplars: PointExemplar[] | undefined;
  startMs = 0;
  timeMs = 0;
  flags = 0;

  constructor(memory: AttributeMemory) {
    this.#memory = memory;
    this.attributes = new AttributeRuns(memory);
  }

  addExemplar(message: MessageReader): void {
    const exemplar = readExemplar(message, this.#memory);
    if (exemplar !== undefined) (this.exemplars ??= []).push(exemplar);
  }
}

const NO_EXEMPLARS: readonly PointExemplar[] = Object.freeze([]);

/** What stands around a point. */
export interface AroundPoint {
  readonly kind: MetricKind;
  /** Undefined where no point of it can be meant; they are read all the same, to find faults in their structure. */
  readonly metric: Metric | undefined;
}

/**
 * Reads one point; undefined where it contradicts itself.
 *
 * @param nowMs stands for a missing time
 */
export function readPoint(
  { kind, metric }: AroundPoint,
  message: MessageReader,
  nowMs: number,
  memory: AttributeMemory,
): DataPoint | undefined {
  const draft = new PointDraft(memory);
  const value = READERS[kind](message, draft);
  if (metric === undefined) return undefined;
  const hasNoValue = (draft.flags & NO_RECORDED_VALUE) !== 0;
  if (!hasNoValue && (value === undefined || !isSound(metric, value))) return undefined;
  return {
    metric,
    attributes: draft.attributes.joined(),
    startMs: draft.startMs,
    timeMs: draft.timeMs === 0 ? nowMs : draft.timeMs,
    hasNoValue,
    value: hasNoValue || value === undefined ? EMPTY[kind] : settled(value),
    exemplars: draft.exemplars ?? NO_EXEMPLARS,
  };
}

/** A last bound of infinity bounds nothing: whoever adds one of its own, as Prometheus does, would have it twice. */
function settled(value: PointValue): PointValue {
  if (value.type !== 'histogram' || value.bounds.at(-1) !== Infinity) return value;
  const counts = value.counts.slice(0, -1);
  counts[counts.length - 1] = (counts.at(-1) ?? 0) + (value.counts.at(-1) ?? 0);
  return { ...value, bounds: value.bounds.slice(0, -1), counts };
}

type ReadValue = (message: MessageReader, draft: PointDraft) => PointValue | undefined;

const READERS: Readonly<Record<MetricKind, ReadValue>> = {
  gauge: readNumber,
  sum: readNumber,
  histogram: readHistogram,
  exponential_histogram: readExponentialHistogram,
  summary: readSummary,
};

const NOTHING = { count: 0, sum: undefined, min: undefined, max: undefined } as const;
const NO_BUCKETS: Buckets = { offset: 0, counts: [] };
const NUMBER = { type: 'number', value: 0, isInteger: false } as const;

/** Stands where a point says that it has no value. */
const EMPTY: Readonly<Record<MetricKind, PointValue>> = {
  gauge: NUMBER,
  sum: NUMBER,
  histogram: { type: 'histogram', ...NOTHING, bounds: [], counts: [] },
  exponential_histogram: {
    type: 'exponential_histogram',
    ...NOTHING,
    scale: 0,
    zeroCount: 0,
    zeroThreshold: 0,
    positive: NO_BUCKETS,
    negative: NO_BUCKETS,
  },
  summary: { type: 'summary', count: 0, sum: 0, quantiles: [] },
};

function readNumber(message: MessageReader, draft: PointDraft): PointValue | undefined {
  let value: PointValue | undefined;
  while (message.next()) {
    if (message.field === 2) draft.startMs = message.milliseconds();
    else if (message.field === 3) draft.timeMs = message.milliseconds();
    else if (message.field === 4) value = { type: 'number', value: message.double(), isInteger: false };
    else if (message.field === 5) draft.addExemplar(message.message());
    else if (message.field === 6) value = { type: 'number', value: message.sfixed64(), isInteger: true };
    else if (message.field === 7) draft.attributes.add(message);
    else if (message.field === 8) draft.flags = message.varint32();
  }
  return value;
}

function readHistogram(message: MessageReader, draft: PointDraft): HistogramValue {
  let count = 0;
  let sum: number | undefined;
  let min: number | undefined;
  let max: number | undefined;
  const bounds: number[] = [];
  const counts: number[] = [];
  while (message.next()) {
    if (message.field === 2) draft.startMs = message.milliseconds();
    else if (message.field === 3) draft.timeMs = message.milliseconds();
    else if (message.field === 4) count = message.fixed64();
    else if (message.field === 5) sum = message.double();
    else if (message.field === 6) message.fixed64s(counts);
    else if (message.field === 7) message.doubles(bounds);
    else if (message.field === 8) draft.addExemplar(message.message());
    else if (message.field === 9) draft.attributes.add(message);
    else if (message.field === 10) draft.flags = message.varint32();
    else if (message.field === 11) min = message.double();
    else if (message.field === 12) max = message.double();
  }
  return { type: 'histogram', count, sum, min, max, bounds, counts };
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

function readExponentialHistogram(message: MessageReader, draft: PointDraft): ExponentialHistogramValue {
  const read: Writable<Omit<ExponentialHistogramValue, 'positive' | 'negative'>> = {
    type: 'exponential_histogram',
    ...NOTHING,
    scale: 0,
    zeroCount: 0,
    zeroThreshold: 0,
  };
  const positive = { offset: 0, counts: [] };
  const negative = { offset: 0, counts: [] };
  while (message.next()) {
    if (message.field === 1) draft.attributes.add(message);
    else if (message.field === 2) draft.startMs = message.milliseconds();
    else if (message.field === 3) draft.timeMs = message.milliseconds();
    else if (message.field === 4) read.count = message.fixed64();
    else if (message.field === 5) read.sum = message.double();
    else if (message.field === 6) read.scale = message.sint32();
    else if (message.field === 7) read.zeroCount = message.fixed64();
    else if (message.field === 8) readBuckets(message.message(), positive);
    else if (message.field === 9) readBuckets(message.message(), negative);
    else if (message.field === 10) draft.flags = message.varint32();
    else if (message.field === 11) draft.addExemplar(message.message());
    else if (message.field === 12) read.min = message.double();
    else if (message.field === 13) read.max = message.double();
    else if (message.field === 14) read.zeroThreshold = message.double();
  }
  return { ...read, positive, negative };
}

/** Adds to what the same point said of them before. */
function readBuckets(message: MessageReader, into: { offset: number; readonly counts: number[] }): void {
  while (message.next()) {
    if (message.field === 1) into.offset = message.sint32();
    else if (message.field === 2) message.varints(into.counts);
  }
}

function readSummary(message: MessageReader, draft: PointDraft): SummaryValue {
  let count = 0;
  let sum = 0;
  const quantiles: { quantile: number; value: number }[] = [];
  while (message.next()) {
    if (message.field === 2) draft.startMs = message.milliseconds();
    else if (message.field === 3) draft.timeMs = message.milliseconds();
    else if (message.field === 4) count = message.fixed64();
    else if (message.field === 5) sum = message.double();
    else if (message.field === 6) quantiles.push(readQuantile(message.message()));
    else if (message.field === 7) draft.attributes.add(message);
    else if (message.field === 8) draft.flags = message.varint32();
  }
  return { type: 'summary', count, sum, quantiles: quantiles.sort((a, b) => a.quantile - b.quantile) };
}

function readQuantile(message: MessageReader): { quantile: number; value: number } {
  let quantile = 0;
  let value = 0;
  while (message.next()) {
    if (message.field === 1) quantile = message.double();
    else if (message.field === 2) value = message.double();
  }
  return { quantile, value };
}

/** Undefined where it has no value. */
function readExemplar(message: MessageReader, memory: AttributeMemory): PointExemplar | undefined {
  const attributes = new AttributeRuns(memory);
  let value: number | undefined;
  let isInteger = false;
  let timeMs = 0;
  let traceId = '';
  let spanId = '';
  while (message.next()) {
    if (message.field === 2) timeMs = message.milliseconds();
    else if (message.field === 3) [value, isInteger] = [message.double(), false];
    else if (message.field === 4) spanId = idOf(message.hex(), 16);
    else if (message.field === 5) traceId = idOf(message.hex(), 32);
    else if (message.field === 6) [value, isInteger] = [message.sfixed64(), true];
    else if (message.field === 7) attributes.add(message);
  }
  return value === undefined
    ? undefined
    : { value, isInteger, timeMs, traceId, spanId, attributes: attributes.joined() };
}

/** An id of the wrong length, or of zeros only, names nothing. */
function idOf(hex: string, digits: number): string {
  return hex.length === digits && !/^0*$/.test(hex) ? hex : '';
}
