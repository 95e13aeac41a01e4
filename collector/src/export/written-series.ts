// What was pushed of every series, so that its samples leave in order, once, and beginning at 0 where it began.
import { hash } from 'node:crypto';
import { attributesKey } from '../model/attributes.ts';
import { type DataPoint, type Metric, type Resource, resourceOf } from '../model/data-point.ts';
import type { Exemplar, MetricFamily, MetricPoint } from '../model/metric-family.ts';
import { familyOf, pointOf, targetFamily } from './families-of.ts';
import type { NativeHistogram } from './native-histogram.ts';
import { type Label, labelsOf, prometheusName } from './prometheus-naming.ts';
import { SharedLabels } from './shared-labels.ts';
import { isEmpty, type PartOptions, type PartValue, partsOf } from './write-samples.ts';
import { zeroOf } from './zero-point.ts';

/** No sidecar speaks for itself here: pushed series all say whose they are. */
const NOBODY = resourceOf([], 'nobody');

/** What a source is, is said again after this, well within the five minutes that Prometheus looks back. */
const TARGET_EVERY_MS = 60_000;

/** As long as Prometheus looks back: a series without a sample since has ended for everybody. */
const SILENT_MS = 300_000;

/** Of a metric, of a point with nine labels, and of each series of the receiver. */
const STREAM_BYTES = 1500;
const POINT_BYTES = 1200;
const SERIES_BYTES = 350;

/** Shared, because most samples have none and many samples may wait. */
const NO_EXEMPLARS: readonly Exemplar[] = Object.freeze([]);

/** A metric, as metadata have it. */
export interface WrittenMetric {
  /** Without the suffixes of its kind, but with `_total`. */
  readonly name: string;
  readonly kind: MetricFamily['kind'];
  readonly unit: string;
  readonly help: string;
}

/** One series of the receiver. */
export interface WrittenSeries {
  /** Sorted by name in code units, with `__name__`. */
  readonly labels: readonly Label[];
  readonly metric: WrittenMetric;
  /** Of the newest sample handed out; whole milliseconds. */
  lastMs: number;
  lastExemplarMs: number;
  /** Whose samples they are: two that count cannot share one series, or it would go up and down between them. */
  owner: object | undefined;
}

/** What became of a point. */
export interface Taken {
  readonly samples: Sample[];
  /** Why there are none. */
  readonly reason: 'not_newer' | 'label_conflict';
}

export interface Sample {
  readonly series: WrittenSeries;
  /** Unix time in whole milliseconds. */
  readonly timeMs: number;
  /** Unix milliseconds since when a cumulative value counts; 0 where nobody said. */
  readonly startMs: number;
  /** `stale`: the series has ended. */
  readonly value: number | NativeHistogram | 'stale' | 'stale histogram';
  readonly exemplars: readonly Exemplar[];
}

export interface WriterOptions extends PartOptions {
  readonly externalLabels: Readonly<Record<string, string>>;
  /** Unix time since when a series that begins would be seen from its beginning on. */
  readonly sinceMs: number;
  /** A series of which nothing came for so long is forgotten. */
  readonly forgetAfterMs: number;
}

/** What is pushed of one point's series. */
interface Point {
  readonly labels: readonly Label[];
  parts: WrittenSeries[];
  /** Tells whether the parts still fit. */
  shape: string;
  isNative: boolean;
  startMs: number;
  seenMs: number;
}

interface Stream {
  readonly metric: WrittenMetric;
  readonly name: string;
  readonly points: Map<string, Point>;
  readonly shared: SharedLabels;
}

/**
 * Makes samples of points. Bounded by who makes the points: `export.max_series` of what comes in, and what the stages
 * hold themselves.
 */
export class SampleWriter {
  readonly #options: WriterOptions;
  readonly #external: ReadonlyMap<string, Label>;
  readonly #streams = new Map<string, Stream>();
  /** By digest of its labels: as text they would be held a second time. */
  readonly #series = new Map<string, WrittenSeries>();
  /** Unix time at which each source was last said to be what it is. */
  readonly #targets = new Map<string, number>();

  constructor(options: WriterOptions) {
    this.#options = options;
    this.#external = new Map(Object.entries(options.externalLabels).map((label) => [label[0], label]));
  }

  /** Memory of what is known, about. */
  get sizeBytes(): number {
    let points = 0;
    for (const stream of this.#streams.values()) points += stream.points.size;
    return this.#streams.size * STREAM_BYTES + points * POINT_BYTES + this.#series.size * SERIES_BYTES;
  }

  /** Metrics of which something was pushed lately. */
  *metrics(): Generator<WrittenMetric> {
    for (const { metric } of this.#streams.values()) yield metric;
  }

  /**
   * Makes the samples of one point.
   *
   * @param nowMs monotonic
   * @returns undefined where there is nothing to say, because the end of what was never pushed is told
   */
  take(point: DataPoint, nowMs: number): Taken | undefined {
    const stream = this.#stream(point.metric);
    const key = attributesKey(point.attributes);
    const known = stream.points.get(key);
    if (point.hasNoValue) {
      if (known === undefined) return undefined;
      stream.points.delete(key);
      const own = known.parts.filter(({ owner }) => owner === known);
      return { samples: this.#end(own, known.isNative, wholeMs(point.timeMs)), reason: 'not_newer' };
    }
    const exposed = pointOf(point, NOBODY);
    const samples: Sample[] = [];
    const fresh = known ?? newPoint(stream.shared.ofPoint(labelsOf(exposed.attributes, stream.metric.kind)), nowMs);
    stream.points.set(key, fresh);
    if (this.#begins(known, point, exposed)) {
      const zero = zeroOf(point);
      this.#write(stream, fresh, zero, pointOf(zero, NOBODY), samples);
    }
    this.#write(stream, fresh, point, exposed, samples);
    fresh.seenMs = nowMs;
    fresh.startMs = point.startMs;
    const isShared = fresh.parts.some(({ owner }) => owner !== fresh);
    return { samples, reason: isShared ? 'label_conflict' : 'not_newer' };
  }

  /** Says what a source is beside its name, where that was not said lately. */
  target(resource: Resource, timeMs: number): Sample[] {
    const lastMs = this.#targets.get(resource.key) ?? -Infinity;
    if (timeMs - lastMs < TARGET_EVERY_MS) return [];
    this.#targets.set(resource.key, timeMs);
    const samples: Sample[] = [];
    for (const family of targetFamily([resource], NOBODY)) {
      const metric = { name: `${family.name}_info`, kind: family.kind, unit: '', help: family.description };
      for (const exposed of family.points) {
        const labels = labelsOf(exposed.attributes, family.kind);
        const [value] = partsOf(family.kind, exposed, this.#options);
        if (value !== undefined)
          this.#add(
            this.#seriesOf({ metric, name: family.name, shared: new SharedLabels() }, labels, value),
            value,
            { timeMs, startMs: 0 },
            samples,
          );
      }
    }
    return samples;
  }

  /** Forgets what was not pushed for long. @param nowMs monotonic @param wallMs Unix time */
  expire(nowMs: number, wallMs: number): void {
    const { forgetAfterMs } = this.#options;
    for (const [metricKey, { points }] of this.#streams) {
      for (const [key, { seenMs }] of points) if (nowMs - seenMs >= forgetAfterMs) points.delete(key);
      if (points.size === 0) this.#streams.delete(metricKey);
    }
    for (const [key, { lastMs }] of this.#series) if (wallMs - lastMs >= forgetAfterMs) this.#series.delete(key);
    for (const [key, lastMs] of this.#targets) if (wallMs - lastMs >= forgetAfterMs) this.#targets.delete(key);
  }

  /** Whether a series counts from a moment at which we watched already, and what it counted since would be missed. */
  #begins(known: Point | undefined, { metric, startMs }: DataPoint, exposed: MetricPoint): boolean {
    if (!metric.isMonotonic || startMs === 0 || isEmpty(exposed)) return false;
    if (known === undefined) return startMs >= this.#options.sinceMs;
    return startMs > known.startMs && startMs >= (known.parts[0]?.lastMs ?? 0);
  }

  #write(stream: Stream, known: Point, point: DataPoint, exposed: MetricPoint, samples: Sample[]): void {
    const timeMs = wholeMs(point.timeMs);
    const startMs = point.metric.isMonotonic || point.metric.kind === 'summary' ? wholeMs(point.startMs) : 0;
    const values = partsOf(stream.metric.kind, exposed, this.#options);
    const shape = shapeOf(values);
    if (shape !== known.shape) {
      const parts = values.map((value) => this.#seriesOf(stream, known.labels, value));
      // Other bounds are other series; those that are no more have ended.
      const gone = known.parts.filter((part) => part.owner === known && !parts.includes(part));
      samples.push(...this.#end(gone, known.isNative, timeMs));
      Object.assign(known, { parts, shape, isNative: typeof values[0]?.value === 'object' });
    }
    values.forEach((value, i) => {
      const series = known.parts[i];
      if (series === undefined) return;
      if (mayWrite(series, known, point)) series.owner = known;
      if (series.owner === known) this.#add(series, value, { timeMs, startMs }, samples);
    });
  }

  #add(
    series: WrittenSeries,
    { value, exemplars }: PartValue,
    { timeMs, startMs }: Pick<Sample, 'timeMs' | 'startMs'>,
    to: Sample[],
  ): void {
    if (timeMs <= series.lastMs) return;
    series.lastMs = timeMs;
    const fresh =
      exemplars.length === 0
        ? NO_EXEMPLARS
        : exemplars.filter(({ timestampMs }) => timestampMs > series.lastExemplarMs);
    series.lastExemplarMs = fresh.reduce((last, { timestampMs }) => Math.max(last, timestampMs), series.lastExemplarMs);
    to.push({ series, timeMs, startMs, value, exemplars: fresh });
  }

  #end(parts: readonly WrittenSeries[], isNative: boolean, timeMs: number): Sample[] {
    const value = isNative ? 'stale histogram' : 'stale';
    const ended = parts.filter(({ lastMs }) => timeMs > lastMs);
    return ended.map((series) => {
      series.lastMs = timeMs;
      return { series, timeMs, startMs: 0, value, exemplars: NO_EXEMPLARS };
    });
  }

  #stream(metric: Metric): Stream {
    const known = this.#streams.get(metric.key);
    if (known !== undefined) return known;
    const family = familyOf(metric);
    const { name, unit } = prometheusName(family);
    const whole = family.kind === 'counter' ? `${name}_total` : name;
    const written = { name: whole, kind: family.kind, unit, help: family.description };
    const stream = { metric: written, name, points: new Map<string, Point>(), shared: new SharedLabels() };
    this.#streams.set(metric.key, stream);
    return stream;
  }

  /** Two points whose labels become the same share a series. */
  #seriesOf(
    { metric, name, shared }: Pick<Stream, 'metric' | 'name' | 'shared'>,
    own: readonly Label[],
    { suffix, label }: PartValue,
  ): WrittenSeries {
    const labels = new Map(this.#external);
    for (const each of own) labels.set(each[0], each);
    if (label !== undefined) labels.set(label[0], shared.ofPart(...label));
    labels.set('__name__', shared.ofPart('__name__', name + suffix));
    const sorted = [...labels.values()].sort(([a], [b]) => (a < b ? -1 : 1));
    const key = hash('sha256', JSON.stringify(sorted), 'base64');
    let series = this.#series.get(key);
    if (series === undefined) {
      series = { labels: sorted, metric, lastMs: -Infinity, lastExemplarMs: -Infinity, owner: undefined };
      this.#series.set(key, series);
    }
    return series;
  }
}

/**
 * Whether a point may write to a series that may be another's. Levels may, the newest counts; so may what began after
 * the last of the other, as a service that started anew does, and what comes where the other fell silent.
 */
function mayWrite(series: WrittenSeries, owner: object, { metric, startMs, timeMs }: DataPoint): boolean {
  if (series.owner === undefined || series.owner === owner || !metric.isMonotonic) return true;
  return startMs >= series.lastMs || timeMs - series.lastMs >= SILENT_MS;
}

/** Times are exact to 0.25 µs, and a whole millisecond may stand a little below itself. */
export function wholeMs(ms: number): number {
  return Math.floor(ms + 0.0005);
}

function newPoint(labels: readonly Label[], seenMs: number): Point {
  return { labels, parts: [], shape: '', isNative: false, startMs: 0, seenMs };
}

function shapeOf(values: readonly PartValue[]): string {
  const [first] = values;
  if (values.length === 1) return typeof first?.value === 'object' ? 'native' : 'number';
  return values.map(({ suffix, label }) => label?.[1] ?? suffix).join();
}
