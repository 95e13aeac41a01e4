// What is known of every series that came in: its newest cumulative value, for the metrics page and for what is pushed.
// Keeps no history: a scrape or a push sees the newest value only.
import { attributesKey } from '../model/attributes.ts';
import { type DataPoint, type Metric, metricOf, type PointValue, type Resource } from '../model/data-point.ts';
import type { MetricFamily, MetricPoint } from '../model/metric-family.ts';
import type { Host } from '../pipeline/contract.ts';
import { addDelta } from './delta-sum.ts';
import type { ExemplarGate } from './exemplar-gate.ts';
import { familyOf, pointOf, targetFamily } from './families-of.ts';
import { beganAnew, identityOf, inherit, type Inheriting, totalOf } from './heirs.ts';
import { zeroOf } from './zero-point.ts';

/** Bounds of the table. */
export interface SeriesTableOptions {
  readonly maxSeries: number;
  /** A series without a point for so long is not shown any more. */
  readonly staleAfterMs: number;
}

interface Series extends Inheriting {
  /** As it is exposed. */
  point: DataPoint;
  /** Monotonic time of arrival of the newest point. */
  seenMs: number;
  /** Monotonic time at which its counting began while we watched; undefined where it was met in mid-life. */
  bornMs: number | undefined;
}

/** The series of one metric of one source. */
interface Stream {
  /** As it is exposed: never delta. */
  readonly metric: Metric;
  readonly identity: string;
  readonly series: Map<string, Series>;
}

type TableHost = Pick<Host<'points_left_out' | 'series' | 'series_size'>, 'clock' | 'count' | 'record'>;

/** Of a series whose value is a number and that has four attributes: its place and its newest point. */
const SERIES_BYTES = 1600;
/** Of a metric that has a series. */
const STREAM_BYTES = 1500;
const BUCKET_BYTES = 8;

/** The newest value of every series. */
export class SeriesTable {
  readonly #options: SeriesTableOptions;
  readonly #host: TableHost;
  readonly #streams = new Map<string, Stream>();
  readonly #byName = new Map<string, Set<Stream>>();
  readonly #byIdentity = new Map<string, Set<Stream>>();
  /** Unix time since when a new counter would have been seen from its first increment on. */
  readonly #sinceMs: number;
  readonly #exemplars: ExemplarGate;
  /** Points without value of series that ended by themselves. */
  readonly #ended: DataPoint[] = [];
  #count = 0;
  /** In the newest points of all series. */
  #buckets = 0;

  /** @param exemplars keeps those of each series */
  constructor(options: SeriesTableOptions, host: TableHost, exemplars: ExemplarGate) {
    this.#exemplars = exemplars;
    this.#options = options;
    this.#host = host;
    this.#sinceMs = host.clock.nowMs();
  }

  /** Series that are shown. */
  get count(): number {
    return this.#count;
  }

  /**
   * Takes points in the order they came.
   *
   * @returns them as they are exposed: deltas added up since the first one of their series, whose start they keep;
   * cumulative points and gauges as they are; a point without value where a series ended. Where a counter began while
   * we watched, or began again, a point at 0 comes before the first: without it the first increment would be seen by
   * nobody. Left out is what is older than what was exposed before, and what finds no room.
   */
  take(points: readonly DataPoint[]): DataPoint[] {
    const exposed: DataPoint[] = [];
    for (const point of points) this.#takeOne(point, exposed);
    this.#gauges();
    return exposed;
  }

  /** Forgets series without a point for too long. @returns a point without value for each since the last call */
  expire(): DataPoint[] {
    this.#sweep();
    this.#gauges();
    return this.#ended.splice(0);
  }

  /** The newest points of a metric, of all sources. @param name OpenTelemetry's */
  *of(name: string): Generator<DataPoint> {
    for (const { series } of this.#byName.get(name) ?? [])
      for (const each of series.values()) if (!this.#isStale(each)) yield each.point;
  }

  /** The newest points of a metric, of all sources, as the page shows them. */
  *read(name: string, own: Resource): Generator<MetricPoint> {
    for (const stream of this.#byName.get(name) ?? []) yield* this.#points('', stream, own);
  }

  /** Everything known at this moment, as the page shows it; points are made as they are read. */
  *families(own: Resource): Generator<MetricFamily> {
    // First, so that totals of what ended are where they go on.
    this.#sweep();
    const resources = new Map<string, Resource>();
    for (const { metric } of this.#streams.values()) resources.set(metric.resource.key, metric.resource);
    yield* targetFamily(resources.values(), own);
    for (const [key, stream] of this.#streams)
      yield { ...familyOf(stream.metric), points: this.#points(key, stream, own) };
  }

  *#points(key: string, { series }: Stream, own: Resource): Generator<MetricPoint> {
    for (const [attributes, each] of series) {
      if (this.#isStale(each)) continue;
      const exemplars = this.#exemplars.shown(key, attributes);
      const shown = exemplars.length === 0 ? each.point : { ...each.point, exemplars };
      const point = pointOf(each.inherited === undefined ? shown : { ...shown, value: totalOf(each) }, own);
      yield each.bornMs === undefined ? point : { ...point, startMs: each.bornMs };
    }
  }

  #gauges(): void {
    this.#host.record('series', this.#count);
    const ofSeries = this.#count * SERIES_BYTES + this.#buckets * BUCKET_BYTES;
    this.#host.record('series_size', ofSeries + this.#streams.size * STREAM_BYTES);
  }

  #sweep(): void {
    const { clock } = this.#host;
    for (const [key, stream] of this.#streams) {
      for (const [attributes, series] of stream.series) {
        if (!this.#isStale(series)) continue;
        this.#ended.push({ ...series.point, timeMs: clock.nowMs(), hasNoValue: true, exemplars: [] });
        this.#forget(key, stream, attributes);
      }
    }
  }

  #isStale({ seenMs }: Series): boolean {
    return this.#host.clock.monotonicMs() - seenMs >= this.#options.staleAfterMs;
  }

  #takeOne(point: DataPoint, exposed: DataPoint[]): void {
    const stream = this.#stream(point.metric);
    const attributes = attributesKey(point.attributes);
    const known = stream.series.get(attributes);
    const before = known === undefined || this.#isStale(known) ? undefined : known;
    if (point.hasNoValue) {
      if (known === undefined) return;
      exposed.push({ ...point, metric: stream.metric, exemplars: [] });
      this.#forget(point.metric.key, stream, attributes);
      return;
    }
    if (known === undefined && this.#count >= this.#options.maxSeries) {
      this.#host.count('points_left_out', 1, { reason: 'max_series' });
      if (stream.series.size === 0) this.#forgetStream(point.metric.key, stream);
      return;
    }
    const isDelta = point.metric.temporality === 'delta';
    const next = isDelta ? added(stream.metric, before?.point, this.#withExemplars(point, attributes)) : point;
    if (!isDelta && before !== undefined && next.timeMs <= before.point.timeMs) {
      this.#host.count('points_left_out', 1, { reason: 'out_of_order' });
      return;
    }
    const nowMs = this.#host.clock.monotonicMs();
    const begins = isDelta ? before?.point.startMs !== next.startMs : this.#begins(before?.point, next);
    const bornMs = begins ? nowMs : before?.bornMs;
    if (begins) exposed.push(zeroOf(next));
    if (before !== undefined && beganAnew(before.point, next)) this.#bequeath(stream, attributes, before);
    if (known === undefined) this.#count++;
    this.#buckets += bucketsOf(next.value) - (known === undefined ? 0 : bucketsOf(known.point.value));
    stream.series.set(attributes, { point: next, seenMs: nowMs, bornMs, inherited: before?.inherited });
    exposed.push(next);
  }

  /** A series is no window: also what waited for its trace may stand beside it now. */
  #withExemplars(delta: DataPoint, attributes: string): DataPoint {
    const due = this.#exemplars.due(delta.metric.key, attributes);
    return due.length === 0 ? delta : { ...delta, exemplars: due };
  }

  /** Whether a cumulative series counts from a moment at which we watched already. */
  #begins(before: DataPoint | undefined, { metric, startMs }: DataPoint): boolean {
    if (!metric.isMonotonic || startMs === 0) return false;
    return before === undefined ? startMs >= this.#sinceMs : startMs > before.startMs && startMs >= before.timeMs;
  }

  #stream(metric: Metric): Stream {
    const known = this.#streams.get(metric.key);
    if (known !== undefined) return known;
    const shown = metric.temporality === 'delta' ? metricOf({ ...metric, temporality: 'cumulative' }) : metric;
    const stream = { metric: shown, identity: identityOf(shown), series: new Map<string, Series>() };
    this.#streams.set(metric.key, stream);
    addTo(this.#byName, metric.name, stream);
    addTo(this.#byIdentity, stream.identity, stream);
    return stream;
  }

  #forget(key: string, stream: Stream, attributes: string): void {
    const ended = stream.series.get(attributes);
    if (ended !== undefined) {
      stream.series.delete(attributes);
      this.#count--;
      this.#buckets -= bucketsOf(ended.point.value);
      this.#bequeath(stream, attributes, ended);
    }
    this.#exemplars.forget(key, attributes);
    if (stream.series.size === 0) this.#forgetStream(key, stream);
  }

  /** Leaves a total to another source's series under the same labels. */
  #bequeath({ identity, series }: Stream, attributes: string, ended: Series): void {
    for (const other of this.#byIdentity.get(identity) ?? []) {
      const heir = other.series === series ? undefined : other.series.get(attributes);
      if (heir === undefined) continue;
      inherit(heir, ended);
      ended.inherited = undefined;
      return;
    }
  }

  #forgetStream(key: string, stream: Stream): void {
    this.#streams.delete(key);
    removeFrom(this.#byName, stream.metric.name, stream);
    removeFrom(this.#byIdentity, stream.identity, stream);
  }
}

/** A delta point as the cumulative one it makes. */
function added(metric: Metric, before: DataPoint | undefined, delta: DataPoint): DataPoint {
  const sum: PointValue | undefined = before === undefined ? undefined : addDelta(before.value, delta.value);
  if (before === undefined || sum === undefined)
    return { ...delta, metric, startMs: delta.startMs > 0 ? delta.startMs : delta.timeMs };
  // One that came late counts, but a series does not go back in time.
  return { ...before, value: sum, timeMs: Math.max(before.timeMs, delta.timeMs), exemplars: delta.exemplars };
}

function bucketsOf(value: PointValue): number {
  switch (value.type) {
    case 'number':
      return 0;
    case 'histogram':
      return value.bounds.length + value.counts.length;
    case 'exponential_histogram':
      return value.positive.counts.length + value.negative.counts.length;
    case 'summary':
      return value.quantiles.length;
  }
}

function addTo(index: Map<string, Set<Stream>>, key: string, stream: Stream): void {
  index.set(key, (index.get(key) ?? new Set()).add(stream));
}

function removeFrom(index: Map<string, Set<Stream>>, key: string, stream: Stream): void {
  const streams = index.get(key);
  streams?.delete(stream);
  if (streams?.size === 0) index.delete(key);
}
