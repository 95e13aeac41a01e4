// Data points, for the targets that ask for them: increments are counted as they come, levels are held until the next one.
import { type Attributes, valueText } from '../model/attributes.ts';
import { type DataPoint, type MetricBatch, type PointValue, seriesKey } from '../model/data-point.ts';
import { incrementOf, type StreamPoint } from '../model/increment.ts';
import type { MetricTargetConfig, TargetsConfig } from './config.ts';
import type { Judged } from './judged.ts';
import { pointTest, textOf } from './matching.ts';
import type { Subjects, TargetHost } from './subjects.ts';
import { type Counted, needsDistribution } from './tally.ts';
import { burnOf, OBJECTIVES_ASKED, spanOf } from './objectives.ts';
import { metricTarget, objectivesTarget, type Target } from './target.ts';

/** Series of all targets together, for each subject that there may be. */
const SERIES_PER_SUBJECT = 4;
/** A level is held for so many times the longest it was held for until now, a rate of deltas for as many of its intervals. */
const INTERVALS = 2;
const SLACK_MS = 5000;
/** What moved each second a moment ago is repeated by `monitoring` after a heartbeat, which is a minute. */
const LEAST_HELD_MS = 75_000;
/** Values of attributes count by so much of them. */
const MAX_TEXT = 200;
/** Seconds in a unit of time. */
const SECONDS: Readonly<Record<string, number>> = { ms: 1e-3, us: 1e-6, ns: 1e-9 };

/** What a point is to a target. */
type Part = 'all' | 'part' | 'whole';

/** What tells subjects of a target apart. */
type Grouping = Pick<MetricTargetConfig, 'by' | 'of'>;

/** One side of a target, which asks for points. */
interface Asking {
  readonly target: Target;
  readonly config: Grouping;
  readonly part: Part;
  readonly test: (point: DataPoint) => boolean;
  /** No two have the same. */
  readonly id: string;
}

/** A series as one side of a target has it. */
interface Series {
  readonly judged: Judged;
  readonly part: Part;
  before: StreamPoint | undefined;
  heardMs: number;
  /** The longest that passed from one point to the next; 0 before there are two. */
  longestMs: number;
  /** What is held until the next point, a rate or a reading, and for how long. */
  level: number | undefined;
  heldMs: number;
}

interface Levels {
  sum: number;
  part: number;
  whole: number;
}

export class MetricIntake {
  readonly #host: TargetHost;
  readonly #subjects: Subjects;
  readonly #staleMs: number;
  readonly #maxSeries: number;
  readonly #asking = new Map<string, Asking[]>();
  readonly #series = new Map<string, Series>();
  readonly targets: Target[];
  /** Unix milliseconds; what began since counts whole. */
  watchedSinceMs = Infinity;

  constructor(
    host: TargetHost,
    { metrics, objectives, max_subjects, stale_after }: Omit<TargetsConfig, 'operations'>,
    subjects: Subjects,
  ) {
    this.#host = host;
    this.#subjects = subjects;
    this.#staleMs = stale_after;
    this.#maxSeries = SERIES_PER_SUBJECT * max_subjects;
    this.targets = Object.entries(metrics)
      .filter(([, { enabled }]) => enabled)
      .map(([name, config]) => this.#ask(metricTarget(name, config), config));
    if (objectives.enabled) this.targets.push(this.#ask(objectivesTarget(objectives), OBJECTIVES_ASKED));
  }

  #ask(target: Target, config: Grouping & Pick<MetricTargetConfig, 'metrics' | 'attributes'>): Target {
    const ask = (part: Part, { metrics, attributes }: Pick<MetricTargetConfig, 'metrics' | 'attributes'>): void => {
      const asking = { target, config, part, test: pointTest(attributes), id: `${target.name} ${part} ` };
      for (const metric of metrics) this.#asking.set(metric, [...(this.#asking.get(metric) ?? []), asking]);
    };
    ask(config.of === undefined ? 'all' : 'part', config);
    if (config.of !== undefined) ask('whole', config.of);
    return target;
  }

  take({ points }: MetricBatch, nowMs: number): void {
    for (const point of points)
      for (const asking of this.#asking.get(point.metric.name) ?? [])
        if (asking.test(point)) this.#takeFor(asking, point, nowMs);
  }

  /** Counts what is held. @param forMs since it was done last */
  hold(forMs: number, nowMs: number): void {
    const bySubject = new Map<Judged, Levels>();
    for (const [key, series] of this.#series) {
      const { judged, part, level } = series;
      if (nowMs - series.heardMs > this.#staleMs || judged.isForgotten) this.#series.delete(key);
      if (level === undefined || judged.isForgotten || nowMs > series.heldMs) continue;
      let levels = bySubject.get(judged);
      if (levels === undefined) bySubject.set(judged, (levels = { sum: 0, part: 0, whole: 0 }));
      levels[part === 'all' ? 'sum' : part] += level;
    }
    for (const judged of this.#subjects.all()) {
      if (!judged.isHeld) continue;
      const levels = bySubject.get(judged);
      const { statistic } = judged.target;
      if (statistic === 'rate') {
        // A rate of which nothing is heard is none.
        judged.add(nowMs, { count: ((levels?.sum ?? 0) * forMs) / 1000, seconds: forMs / 1000 });
        continue;
      }
      judged.level = levels?.sum;
      if (levels !== undefined)
        judged.add(nowMs, { count: 1, sum: levels.sum, part: levels.part, whole: levels.whole });
    }
  }

  #takeFor(asking: Asking, point: DataPoint, nowMs: number): void {
    const key = asking.id + seriesKey(point.metric, point.attributes);
    if (point.hasNoValue) {
      this.#series.delete(key);
      return;
    }
    const series = this.#series.get(key) ?? this.#begin(key, asking, point, nowMs);
    if (series === undefined) return;
    if (series.judged.isForgotten) {
      this.#series.delete(key);
      return;
    }
    series.longestMs = Math.max(series.longestMs, nowMs - series.heardMs);
    series.heardMs = series.judged.heardMs = nowMs;
    if (isPast(point, series.before)) return;
    if (!this.#count(series, point, nowMs)) this.#host.count('unjudged', 1, { reason: 'unsuited' });
  }

  #begin(key: string, asking: Asking, point: DataPoint, nowMs: number): Series | undefined {
    const { target, config } = asking;
    if (this.#series.size >= this.#maxSeries) {
      this.#host.count('unjudged', 1, { reason: 'too_many_series' });
      return undefined;
    }
    const attributes = attributesOf(config, point);
    const judged = this.#subjects.of(target, `${target.name} ${JSON.stringify(attributes)}`, () => ({
      name: nameOf(target, attributes),
      attributes: target.statistic === 'burn_rate' ? { ...attributes, ...spanOf(attributes) } : attributes,
    }));
    if (judged === undefined) return undefined;
    describeUnit(judged, point);
    const series = {
      judged,
      part: asking.part,
      before: undefined,
      heardMs: nowMs,
      longestMs: 0,
      level: undefined,
      heldMs: 0,
    };
    this.#series.set(key, series);
    return series;
  }

  /** @returns false where the statistic cannot be had of such a point */
  #count(series: Series, point: DataPoint, nowMs: number): boolean {
    const { judged } = series;
    const { kind, isMonotonic } = point.metric;
    const { before } = series;
    series.before = { startMs: point.startMs, timeMs: point.timeMs, value: point.value };
    if (kind === 'gauge' || (kind === 'sum' && !isMonotonic))
      return holdReading(series, point, nowMs + this.#heldFor(series));
    if (kind === 'summary' || judged.target.statistic === 'value') return false;
    const isDelta = point.metric.temporality === 'delta';
    const increment = isDelta ? point.value : incrementOf(point, before, this.watchedSinceMs);
    if (judged.target.statistic === 'rate') {
      const sinceMs = isDelta && point.startMs > 0 ? point.startMs : before?.timeMs;
      if (increment === undefined || sinceMs === undefined || point.timeMs <= sinceMs) return true;
      const lastedMs = point.timeMs - sinceMs;
      judged.isHeld = true;
      series.level = (countOf(increment) * 1000) / lastedMs;
      series.heldMs = nowMs + (isDelta ? INTERVALS * lastedMs + SLACK_MS : this.#heldFor(series));
      return true;
    }
    const counted = countedOf(increment ?? point.value, series.part, judged.target, point);
    if (counted === undefined) return false;
    if (increment !== undefined) judged.add(nowMs, counted);
    return true;
  }

  /** Nobody says that a sender is gone; what it said last is not to count for long beside what its heir says. */
  #heldFor({ longestMs }: Series): number {
    if (longestMs === 0) return this.#staleMs;
    return Math.min(this.#staleMs, Math.max(LEAST_HELD_MS, INTERVALS * longestMs + SLACK_MS));
  }
}

/** What was said before, and comes late or again, is no news; of a delta stream everything is. */
function isPast({ metric, startMs, timeMs }: DataPoint, before: StreamPoint | undefined): boolean {
  if (before === undefined || metric.temporality === 'delta') return false;
  return startMs <= before.startMs && timeMs <= before.timeMs;
}

/** A gauge, or a sum that goes up and down: which by deltas adds up. */
function holdReading(series: Series, { metric, value }: DataPoint, heldMs: number): boolean {
  const { statistic } = series.judged.target;
  const isSuited = statistic === 'value' || statistic === 'mean' || statistic === 'ratio';
  if (value.type !== 'number' || !isSuited) return false;
  if (!Number.isFinite(value.value)) return true;
  series.level = metric.temporality === 'delta' ? (series.level ?? 0) + value.value : value.value;
  series.heldMs = heldMs;
  series.judged.isHeld = true;
  return true;
}

/** @returns undefined where a number has no distribution to take a mean or a quantile of */
function countedOf(increment: PointValue, part: Part, { statistic }: Target, point: DataPoint): Counted | undefined {
  const count = countOf(increment);
  if (statistic === 'burn_rate') return burnOf(count, point);
  if (part === 'part') return { part: count };
  if (part === 'whole') return { whole: count };
  if (increment.type === 'number' || increment.type === 'summary') return undefined;
  const sum = increment.sum ?? NaN;
  return needsDistribution(statistic) ? { count, sum, distribution: increment } : { count, sum };
}

function countOf(value: PointValue): number {
  return value.type === 'number' ? value.value : value.count;
}

/** What tells subjects of a target apart. */
function attributesOf({ by, of }: Grouping, point: DataPoint): Record<string, string> {
  const { name, resource } = point.metric;
  const own: Record<string, string> = of === undefined ? { 'metric.name': name } : {};
  const add = (key: string, text: string | undefined): void => {
    if (text !== undefined && text !== '') own[key] = text.slice(0, MAX_TEXT);
  };
  add('service.name', textOf(point, 'service.name'));
  if (by === undefined && of === undefined) {
    addAll(point.attributes, add);
    addAll(
      resource.attributes.filter(([key]) => INSTANCE.includes(key)),
      add,
    );
  }
  for (const key of by ?? []) add(key, textOf(point, key));
  return own;
}

/** What tells senders of one service apart. */
const INSTANCE: readonly string[] = ['service.instance.id', 'host.name'];

function addAll(attributes: Attributes, add: (key: string, text: string) => void): void {
  for (const [key, value] of attributes) add(key, valueText(value));
}

/** As in `shop cache-hit-ratio (sessions)`. */
function nameOf({ name }: Target, attributes: Readonly<Record<string, string>>): string {
  const { 'service.name': service = '', 'metric.name': _, ...others } = attributes;
  const rest = Object.values(others).join(', ');
  return [service, name, rest === '' ? '' : `(${rest})`].filter((each) => each !== '').join(' ');
}

/** Durations are judged in seconds, whatever their sender measures in. */
function describeUnit(judged: Judged, { metric: { unit, kind } }: DataPoint): void {
  const { statistic } = judged.target;
  const seconds = SECONDS[unit];
  judged.factor = seconds ?? 1;
  const ofValue = seconds === undefined ? unit : 's';
  if (statistic === 'ratio' || statistic === 'burn_rate') judged.unit = '1';
  else if (statistic === 'rate') judged.unit = `${kind === 'sum' ? unit : '{call}'}/s`;
  else judged.unit = ofValue;
}
