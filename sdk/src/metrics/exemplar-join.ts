// Finds which point of a collection each exemplar was counted in.
import { type Attributes, type HrTime, type SpanContext, ValueType } from '@opentelemetry/api';
import type { DataPoint, MetricData, ResourceMetrics, ScopeMetrics } from '@opentelemetry/sdk-metrics';
import type { SeriesExemplar } from './exemplar-reservoir.ts';
import type { InstrumentExemplars, MeasuredSeries } from './exemplar-series.ts';

/** An exemplar as it is written. */
export interface PointExemplar {
  readonly value: number;
  readonly isInteger: boolean;
  /** Unix milliseconds. */
  readonly timeMs: number;
  readonly spanContext: SpanContext | undefined;
  /** What was measured beside the attributes of the point. */
  readonly filteredAttributes: Attributes;
}

/** Exemplars by the place of their point in a request: indices of scope, metric and point, as {@link placeOf} joins them. */
export type PlacedExemplars = ReadonlyMap<string, readonly PointExemplar[]>;

export function placeOf(scope: number, metric: number, point: number): string {
  return `${scope}.${metric}.${point}`;
}

/** Where exemplars are found. */
export interface ExemplarSources {
  of(scope: ScopeMetrics['scope'], instrument: string): InstrumentExemplars | undefined;
  attached(point: DataPoint<unknown>): readonly SeriesExemplar[] | undefined;
  /** Gives attributes of a measurement as they may be told; the points may have been made so already. */
  cleaned(attributes: Attributes): Attributes;
}

/** Takes the exemplars of all points of a collection; they are not there for another. */
export function joinExemplars({ scopeMetrics }: ResourceMetrics, sources: ExemplarSources): PlacedExemplars {
  const placed = new Map<string, readonly PointExemplar[]>();
  scopeMetrics.forEach(({ scope, metrics }, s) => {
    metrics.forEach((metric, m) => {
      const isInteger = metric.descriptor.valueType === ValueType.INT;
      const measured = sources.of(scope, metric.descriptor.name)?.measured() ?? [];
      const exemplars = exemplarsOf(metric, measured, sources.cleaned);
      metric.dataPoints.forEach((point: DataPoint<unknown>, p) => {
        const attached = (sources.attached(point) ?? []).map((each) => ({ ...each, filteredAttributes: {} }));
        const all = [...attached, ...(exemplars.get(point) ?? [])];
        if (all.length > 0)
          placed.set(
            placeOf(s, m, p),
            all.map((each) => ({ ...each, isInteger })),
          );
      });
    });
  });
  return placed;
}

type Found = Omit<PointExemplar, 'isInteger'>;

function exemplarsOf(
  metric: MetricData,
  measured: readonly MeasuredSeries[],
  cleaned: ExemplarSources['cleaned'],
): Map<DataPoint<unknown>, Found[]> {
  const found = new Map<DataPoint<unknown>, Found[]>();
  if (measured.length === 0) return found;
  const points = new PointsByAttributes(metric.dataPoints);
  for (const { attributes, reservoir } of measured) {
    const told = cleaned(attributes);
    const point = points.of(told) ?? points.of(attributes);
    // Of a series the SDK folded, or a view renamed, there is no point that says so; its exemplars end with the next one.
    if (point === undefined) continue;
    const taken = reservoir
      .take(msOf(point.endTime))
      .filter(({ timeMs }) => timeMs >= Math.floor(msOf(point.startTime)));
    if (taken.length === 0) continue;
    const others = found.get(point) ?? [];
    found.set(point, [
      ...others,
      ...taken.map((each) => ({ ...each, filteredAttributes: rest(told, point.attributes) })),
    ]);
  }
  return found;
}

/** Points of a metric by their attributes, which are those of the measurements or, where a view leaves some out, fewer. */
class PointsByAttributes {
  readonly #points = new Map<string, DataPoint<unknown>>();
  /** Sets of keys that points have; mostly one. */
  readonly #keySets = new Map<string, readonly string[]>();

  constructor(points: readonly DataPoint<unknown>[]) {
    for (const point of points) {
      const keys = Object.keys(point.attributes).sort();
      this.#points.set(keyOf(point.attributes, keys), point);
      this.#keySets.set(JSON.stringify(keys), keys);
    }
  }

  of(attributes: Attributes): DataPoint<unknown> | undefined {
    const exact = this.#points.get(keyOf(attributes, Object.keys(attributes).sort()));
    if (exact !== undefined) return exact;
    for (const keys of this.#keySets.values()) {
      const point = keys.every((key) => key in attributes) ? this.#points.get(keyOf(attributes, keys)) : undefined;
      if (point !== undefined) return point;
    }
    return undefined;
  }
}

function keyOf(attributes: Attributes, keys: readonly string[]): string {
  return JSON.stringify(keys.map((key) => [key, attributes[key]]));
}

/** What a point leaves out. */
function rest(measured: Attributes, told: Attributes): Attributes {
  return Object.fromEntries(Object.entries(measured).filter(([key]) => !(key in told)));
}

function msOf([seconds, nanoseconds]: HrTime): number {
  return seconds * 1000 + nanoseconds / 1e6;
}
