// One series of a target between its scrapes: what the scrape under way read of it, and what the last one said.
import type { Attributes } from '../model/attributes.ts';
import type { DataPoint, Metric, PointExemplar, PointValue } from '../model/data-point.ts';
import { type Assembled, histogramOf, summaryOf } from './assemble.ts';
import type { Family, Place, Role } from './families.ts';
import type { DroppedReason, Mended } from './instruments.ts';

/** Which series it is, beside its name and kind. */
export interface SeriesLabels {
  /** service.name and service.instance.id, which labels of the target may say where they are honoured. */
  readonly job: string;
  readonly instance: string;
  readonly scopeName: string;
  readonly scopeVersion: string;
  readonly scopeSchemaUrl: string;
  readonly scopeAttributes: Attributes;
  readonly attributes: Attributes;
}

/** One sample of a series. */
export interface Slot {
  readonly series: Series;
  readonly role: Role;
  /** Of a bucket or quantile. */
  readonly bound: number;
  /** Number of the scrape that had it last. */
  seenIn: number;
}

/** Clocks of targets may be ahead, but not by so much. Prometheus draws the same line. */
const MAX_AHEAD_MS = 600_000;

export class Series {
  readonly place: Place;
  readonly labels: SeriesLabels;
  /** Most series have one sample, and those have no map. */
  #only: Slot | undefined;
  #slots: Map<string, Slot> | undefined;
  family: Family | undefined;
  /** Of the scrape that had it last. */
  seenIn = 0;
  /** It has been passed on and not said to be gone. */
  isLive = false;
  metric: Metric | undefined;
  /** The target's context that the metric was made in, and the family. */
  metricOf: object | undefined;
  metricFamily: Family | undefined;
  last: DataPoint | undefined;

  #value = NaN;
  #bounds: number[] = [];
  #values: number[] = [];
  #sum: number | undefined;
  #count: number | undefined;
  #createdMs = 0;
  #native: PointValue | undefined;
  #timeMs = NaN;
  #exemplars: PointExemplar[] = [];
  #startMs = 0;
  /** Its last time was given by the target, so that its end cannot be told from its absence. */
  #hasOwnTime = false;

  constructor(place: Place, labels: SeriesLabels) {
    this.place = place;
    this.labels = labels;
  }

  /** The slot of one of its samples, the same object each time. */
  slotOf(role: Role, bound: number): Slot {
    if (this.#only === undefined) return (this.#only = { series: this, role, bound, seenIn: 0 });
    if (this.#only.role === role && this.#only.bound === bound) return this.#only;
    const slots = (this.#slots ??= new Map<string, Slot>());
    const key = `${role}${bound}`;
    let slot = slots.get(key);
    if (slot === undefined) slots.set(key, (slot = { series: this, role, bound, seenIn: 0 }));
    return slot;
  }

  /** Forgets what the last scrape read. */
  begin(scrape: number): void {
    this.seenIn = scrape;
    this.#timeMs = NaN;
    this.#value = NaN;
    this.#createdMs = 0;
    if (this.#exemplars.length > 0) this.#exemplars = [];
    if (this.place.role === 'value') return;
    this.#bounds = [];
    this.#values = [];
    this.#sum = undefined;
    this.#count = undefined;
    this.#native = undefined;
  }

  /** @param timeMs NaN where the target gave none */
  take(role: Role, bound: number, value: number, timeMs: number): void {
    if (role === 'created') {
      this.takeCreated(value * 1000);
      return;
    }
    this.#timeMs = timeMs;
    if (role === 'value') this.#value = value;
    else if (role === 'sum') this.#sum = value;
    else if (role === 'count') this.#count = value;
    else {
      this.#bounds.push(bound);
      this.#values.push(value);
    }
  }

  /** @param value undefined for one that cannot be told in OpenTelemetry's terms */
  takeNative(value: PointValue | undefined, timeMs: number): void {
    this.#native = value;
    this.#timeMs = timeMs;
  }

  /** Unix milliseconds since when the value counts that is taken in this scrape. */
  takeCreated(createdMs: number): void {
    this.#createdMs = createdMs > 0 && Number.isFinite(createdMs) ? createdMs : 0;
  }

  takeExemplar(exemplar: PointExemplar): void {
    this.#exemplars.push(exemplar);
  }

  /**
   * Makes the point of this scrape and remembers it.
   *
   * @param metric whose point it is
   * @param mended told what was missing
   * @returns why there is none, otherwise
   */
  finish(metric: Metric, scrapeMs: number, mended: (missing: Mended) => void): DataPoint | DroppedReason {
    const value = this.#assembled(mended);
    if (typeof value === 'string') return value;
    const hasOwnTime = !Number.isNaN(this.#timeMs);
    const timeMs = hasOwnTime ? this.#timeMs : scrapeMs;
    const { last } = this;
    if (hasOwnTime) {
      if (timeMs > scrapeMs + MAX_AHEAD_MS) return 'in_future';
      if (last !== undefined && timeMs <= last.timeMs) return 'not_newer';
    }
    const point: DataPoint = {
      metric,
      attributes: this.labels.attributes,
      startMs: metric.kind === 'gauge' ? 0 : this.#start(value, timeMs),
      timeMs,
      hasNoValue: false,
      value,
      exemplars: this.#exemplars.map((each) => (each.timeMs > 0 ? each : { ...each, timeMs })),
    };
    this.last = point;
    this.#hasOwnTime = hasOwnTime;
    return point;
  }

  #assembled(mended: (missing: Mended) => void): PointValue | DroppedReason {
    const { kind, isMonotonic } = this.place;
    if (kind === 'exponential_histogram') return this.#native ?? 'bad_histogram';
    if (kind === 'sum' || kind === 'gauge') {
      const value = this.#value;
      if (isMonotonic && !(value >= 0 && value < Infinity)) return 'bad_value';
      return { type: 'number', value, isInteger: false };
    }
    const parts = { bounds: this.#bounds, values: this.#values, sum: this.#sum, count: this.#count };
    const assembled: Assembled<PointValue> | undefined = kind === 'histogram' ? histogramOf(parts) : summaryOf(parts);
    if (assembled === undefined) return kind === 'histogram' ? 'bad_histogram' : 'bad_summary';
    assembled.missing.forEach(mended);
    return assembled.value;
  }

  /** Since when it counts: as the target says, else since the reset that was seen, else nobody knows. */
  #start(value: PointValue, timeMs: number): number {
    if (this.#createdMs > 0 && this.#createdMs <= timeMs) this.#startMs = this.#createdMs;
    else if (this.last !== undefined && this.place.kind !== 'gauge' && this.#isReset(this.last.value, value))
      this.#startMs = timeMs;
    return this.#startMs;
  }

  #isReset(before: PointValue, now: PointValue): boolean {
    if (now.type === 'number') return this.place.isMonotonic && before.type === 'number' && now.value < before.value;
    if (before.type === 'number') return false;
    if (now.count < before.count) return true;
    if (now.type !== 'histogram' || before.type !== 'histogram') return false;
    // Grown beyond its last count since, but not in every bucket.
    const sameBounds =
      now.bounds.length === before.bounds.length && now.bounds.every((bound, i) => bound === before.bounds[i]);
    return sameBounds && now.counts.some((count, i) => count < (before.counts[i] ?? 0));
  }

  /** Says once that the series is gone. */
  gone(timeMs: number): DataPoint | undefined {
    this.isLive = false;
    if (this.last === undefined || this.#hasOwnTime) return undefined;
    return { ...this.last, timeMs, hasNoValue: true, exemplars: [] };
  }
}
