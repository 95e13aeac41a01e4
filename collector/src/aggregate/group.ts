// A group of streams that become one series of each output: its open windows, and its totals since it began.
import { type Attribute, type Attributes, canonical } from '../model/attributes.ts';
import type { DataPoint, Metric, PointExemplar, PointValue, Resource } from '../model/data-point.ts';
import { haveSameBounds } from '../model/histogram-merge.ts';
import {
  type Contribution,
  type Contributor,
  HISTOGRAMS,
  type Output,
  type OutputShape,
  type Reading,
  type Tally,
} from './output.ts';
import { added } from './output-histogram.ts';
import type { PointClass } from './point-class.ts';
import type { Rule } from './rule.ts';

/** What a histogram of 160 buckets costs against a number, to settle or to merge. */
const HISTOGRAM_WORK = 15;
/** Examples a point leaves with, the newest of its window. */
const MAX_EXEMPLARS = 4;

/** What one output of the group is called, and what it came to so far. */
interface Series {
  readonly output: Output;
  readonly shape: OutputShape;
  readonly metric: Metric;
  /** By what tells readings apart; only where windows are added up. */
  readonly totals: Map<string, PointValue>;
}

interface Window {
  readonly tallies: readonly Tally[];
  readonly exemplars: PointExemplar[];
  /** Of the histograms in it. */
  bounds: PointValue | undefined;
  lastPointMs: number;
}

/** What of a point is not the same in all the group makes. */
interface Made extends Pick<DataPoint, 'metric' | 'startMs' | 'timeMs' | 'value'> {
  readonly attribute?: Attribute | undefined;
  readonly hasNoValue?: boolean;
  readonly exemplars?: readonly PointExemplar[];
}

/** How a window ends. */
export interface Close {
  readonly untilMs: number;
  /** The host's time, which a point is not to be ahead of. */
  readonly nowMs: number;
}

/** Streams that become one. */
export class Group {
  readonly key: string;
  /** Work of one of its points against that of a number. */
  readonly weight: number;
  readonly #rule: Rule;
  readonly #class: PointClass;
  readonly #attributes: Attributes;
  readonly #series: readonly Series[];
  readonly #tracksContributors: boolean;
  readonly #contributors = new Set<Contributor>();
  /** By end, ascending only when read. */
  readonly #windows = new Map<number, Window>();
  /** Bounds of what is added up from window to window. */
  #bounds: PointValue | undefined;
  /** Since when totals count; 0 before the first window. */
  #startMs = 0;
  #wasRead = false;
  streams = 0;

  /** @param resource and attributes that are kept of a point that belongs here */
  constructor(key: string, rule: Rule, pointClass: PointClass, point: DataPoint, resource: Resource, kept: Attributes) {
    this.key = key;
    this.weight = HISTOGRAMS.includes(pointClass) ? HISTOGRAM_WORK : 1;
    this.#rule = rule;
    this.#class = pointClass;
    this.#attributes = kept;
    const outputs = rule.outputsFor(pointClass);
    this.#series = outputs.map((output) => {
      const shape = output.shape(pointClass, point.metric);
      return { output, shape, metric: rule.describe(output, shape, point.metric, resource), totals: new Map() };
    });
    this.#tracksContributors = outputs.some((output) => output.needsContributors?.(pointClass) === true);
  }

  get isIdle(): boolean {
    return this.streams === 0 && this.#windows.size === 0;
  }

  enter(stream: Contributor): void {
    this.streams++;
    if (this.#tracksContributors) this.#contributors.add(stream);
  }

  leave(stream: Contributor): void {
    this.streams--;
    this.#contributors.delete(stream);
  }

  /**
   * Counts a point in its window.
   *
   * @param countsWhole the point counts for all that was since its start
   * @returns false where its bounds differ from what the window has
   */
  add(endMs: number, contribution: Contribution, countsWhole: boolean): boolean {
    const { point, value } = contribution;
    const window = this.#window(endMs);
    if (value?.type === 'histogram') {
      const bounds = window.bounds ?? this.#bounds;
      if (bounds?.type === 'histogram' && !haveSameBounds(bounds, value)) return false;
      window.bounds ??= value;
    }
    if (this.#startMs === 0) this.#startMs = endMs - this.#rule.windowMs;
    if (countsWhole && !this.#wasRead) this.#startMs = Math.min(this.#startMs, point.startMs);
    window.lastPointMs = Math.max(window.lastPointMs, point.timeMs);
    for (const tally of window.tallies) tally.add(contribution);
    for (const exemplar of point.exemplars) this.#keep(exemplar, window, endMs);
    return true;
  }

  /** Reads and forgets the windows that end until then. @returns points of each in order of time */
  read({ untilMs, nowMs }: Close): DataPoint[] {
    const due = [...this.#windows.keys()].filter((endMs) => endMs <= untilMs).sort((a, b) => a - b);
    return due.flatMap((endMs) => {
      const window = this.#windows.get(endMs);
      this.#windows.delete(endMs);
      return window === undefined || window.lastPointMs === 0
        ? this.#forgetBounds()
        : this.#points(window, endMs, nowMs);
    });
  }

  /** Tells that the series have no value any more. */
  end(timeMs: number): DataPoint[] {
    if (this.#startMs === 0) return [];
    return this.#series.flatMap(({ metric, shape, totals }) => {
      const [value] = totals.values();
      if (metric.temporality === 'delta' || (shape.says === 'window' && value === undefined)) return [];
      const ended = value ?? { type: 'number', value: 0, isInteger: true };
      return [this.#point({ metric, startMs: this.#startMs, timeMs, value: ended, hasNoValue: true })];
    });
  }

  /** All that came had other bounds: what comes next decides anew. */
  #forgetBounds(): never[] {
    this.#bounds = undefined;
    this.#startMs = 0;
    this.#wasRead = false;
    for (const { totals } of this.#series) totals.clear();
    return [];
  }

  #window(endMs: number): Window {
    let window = this.#windows.get(endMs);
    if (window === undefined) {
      const tallies = this.#series.map(({ output }) => output.tally(this.#class, this.#rule.outputOptions));
      window = { tallies, exemplars: [], bounds: undefined, lastPointMs: 0 };
      this.#windows.set(endMs, window);
    }
    return window;
  }

  #points(window: Window, endMs: number, nowMs: number): DataPoint[] {
    const { windowMs, staleAfterMs } = this.#rule;
    // A window that is left before its end has no value of a time that is still to come.
    const timeMs = endMs > nowMs ? window.lastPointMs : endMs;
    const exemplars = window.exemplars.sort((a, b) => a.timeMs - b.timeMs);
    if (window.bounds !== undefined) this.#bounds = window.bounds;
    this.#wasRead = true;
    return this.#series.flatMap((series, i) => {
      const { metric, shape } = series;
      const readings =
        window.tallies[i]?.read({ windowMs, endMs, staleAfterMs, contributors: this.#contributors }) ?? [];
      return readings.map((reading) => {
        const isAdded = shape.says === 'window' && metric.temporality === 'cumulative';
        const value = isAdded ? total(series, reading) : reading.value;
        const startMs = metric.kind === 'gauge' ? 0 : metric.temporality === 'delta' ? endMs - windowMs : this.#startMs;
        return this.#point({
          metric,
          startMs,
          timeMs,
          value,
          attribute: reading.attribute,
          exemplars: shape.says === 'window' ? exemplars : [],
        });
      });
    });
  }

  #point({ attribute, ...rest }: Made): DataPoint {
    const attributes = attribute === undefined ? this.#attributes : canonical([...this.#attributes, attribute]);
    return { attributes, hasNoValue: false, exemplars: [], ...rest };
  }

  /** Keeps the newest, each once: cumulative streams repeat theirs. */
  #keep(exemplar: PointExemplar, { exemplars }: Window, endMs: number): void {
    const { timeMs, traceId, spanId } = exemplar;
    if (timeMs <= endMs - this.#rule.windowMs || timeMs > endMs) return;
    if (exemplars.some((kept) => kept.timeMs === timeMs && kept.traceId === traceId && kept.spanId === spanId)) return;
    exemplars.push(exemplar);
    if (exemplars.length <= MAX_EXEMPLARS) return;
    let oldest = 0;
    exemplars.forEach((kept, i) => {
      if (kept.timeMs < (exemplars[oldest]?.timeMs ?? 0)) oldest = i;
    });
    exemplars.splice(oldest, 1);
  }
}

/** Adds a window to what was before. */
function total({ totals }: Series, { value, attribute }: Reading): PointValue {
  const key = attribute === undefined ? '' : attribute.join('=');
  const before = totals.get(key);
  const now = before === undefined ? value : added(before, value);
  totals.set(key, now);
  return now;
}
