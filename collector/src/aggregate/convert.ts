// Conversion of single streams between temporalities, point by point and without windows. Pure.
import { attributesKey } from '../model/attributes.ts';
import { type DataPoint, type Metric, metricOf, type PointValue } from '../model/data-point.ts';
import { incrementOf, type StreamPoint } from '../model/increment.ts';
import { added } from './output-histogram.ts';
import { haveSameBounds } from '../model/histogram-merge.ts';
import { classOf } from './point-class.ts';
import type { Rule } from './rule.ts';
import type { Shared } from './window.ts';

interface Converted {
  /** The last point as it came; of delta streams its value is the total so far, since its start. */
  before: StreamPoint;
  lastCameMs: number;
}

interface MetricConversion {
  readonly metric: Metric;
  readonly streams: Map<string, Converted>;
}

/** The streams of one rule that converts. */
export class Conversion {
  readonly rule: Rule;
  readonly #shared: Shared;
  readonly #byMetric = new Map<string, MetricConversion>();
  #newSinceMs: number;
  #sweepMs = Infinity;

  constructor(rule: Rule, shared: Shared) {
    this.rule = rule;
    this.#shared = shared;
    this.#newSinceMs = shared.watchedSinceMs;
  }

  /** Looks up what is known of a metric. @returns undefined where its points pass, as there is nothing to convert */
  streamsOf(metric: Metric): MetricConversion | undefined {
    const temporality = this.rule.convertsTo;
    const pointClass = classOf(metric);
    if (pointClass === undefined || pointClass === 'gauge' || temporality === undefined) return undefined;
    if (metric.temporality === temporality) return undefined;
    return this.#byMetric.get(metric.key) ?? { metric: metricOf({ ...metric, temporality }), streams: new Map() };
  }

  /** Converts a point. @returns nothing where it was dropped, or said no more than where its stream stands; undefined where there is no place for its stream */
  take(point: DataPoint, conversion: MetricConversion, nowMs: number): DataPoint[] | undefined {
    const { books, budget } = this.#shared;
    const { metric, streams } = conversion;
    const key = attributesKey(point.attributes);
    const known = streams.get(key);
    if (known === undefined && !budget.take(1)) {
      this.#newSinceMs = Math.max(this.#newSinceMs, point.timeMs);
      return undefined;
    }
    if (known !== undefined && point.timeMs <= known.before.timeMs) {
      books.dropped(point.timeMs === known.before.timeMs ? 'duplicate' : 'late', 1);
      return [];
    }
    books.absorbed(1);
    if (point.hasNoValue) {
      if (known === undefined) budget.give(1);
      return [{ ...point, metric }];
    }
    const isToDelta = metric.temporality === 'delta';
    const before = known?.before;
    const value = isToDelta ? this.#growth(point, before) : totalOf(point, before);
    const startMs = isToDelta ? (before?.timeMs ?? point.startMs) : startOf(point, before, value);
    const { timeMs } = point;
    const now: StreamPoint = isToDelta ? point : { startMs, timeMs, value: value ?? point.value };
    this.#byMetric.set(point.metric.key, conversion);
    streams.set(key, { before: { startMs: now.startMs, timeMs, value: now.value }, lastCameMs: nowMs });
    if (this.#sweepMs === Infinity) this.#sweepMs = nowMs + this.rule.staleAfterMs;
    return value === undefined ? [] : [{ ...point, metric, startMs, value }];
  }

  /** When streams are to be looked at. */
  dueMs(): number {
    return this.#sweepMs;
  }

  /** Forgets streams that are stale. */
  *close(nowMs: number): Generator<DataPoint[]> {
    const sinceMs = nowMs - this.rule.staleAfterMs;
    for (const [metricKey, { streams }] of this.#byMetric) {
      for (const [key, { before, lastCameMs }] of streams) {
        if (lastCameMs > sinceMs) continue;
        streams.delete(key);
        this.#shared.budget.give(1);
        this.#newSinceMs = Math.max(this.#newSinceMs, before.timeMs);
      }
      if (streams.size === 0) this.#byMetric.delete(metricKey);
      yield [];
    }
    this.#sweepMs = this.#byMetric.size === 0 ? Infinity : nowMs + this.rule.staleAfterMs;
  }

  *flush(): Generator<DataPoint[]> {
    yield [];
  }

  /** What was added; sums that may fall begin anew only where they say so. */
  #growth(point: DataPoint, before: StreamPoint | undefined): PointValue | undefined {
    const { value, metric } = point;
    const mayFall = !metric.isMonotonic && before !== undefined && point.startMs <= before.startMs;
    if (!mayFall || value.type !== 'number' || before.value.type !== 'number')
      return incrementOf(point, before, this.#newSinceMs);
    const isInteger = value.isInteger && before.value.isInteger;
    return { type: 'number', value: value.value - before.value.value, isInteger };
  }
}

/** What was counted since the stream began here; anew where histograms have other bounds. */
function totalOf({ value }: DataPoint, before: StreamPoint | undefined): PointValue {
  if (before === undefined) return value;
  const isOther =
    value.type === 'histogram' && before.value.type === 'histogram' && !haveSameBounds(value, before.value);
  return isOther ? value : added(before.value, value);
}

function startOf(point: DataPoint, before: StreamPoint | undefined, value: PointValue | undefined): number {
  if (before === undefined || value === point.value) return point.startMs > 0 ? point.startMs : point.timeMs;
  return before.startMs;
}
