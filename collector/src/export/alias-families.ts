// Families under the names of the alias table, made from points of other names.
import type { ClassicHistogram, MetricFamily, MetricPoint } from '../model/metric-family.ts';
import type { AliasTotals } from './alias-totals.ts';
import { type Alias, ALIASES, type LabelSource, type Source } from './aliases.ts';
import { classicOfExponential } from './classic-of-exponential.ts';
import { joinPoints } from './join-points.ts';

/** Points of a metric by OpenTelemetry's name, of all that have it. */
export type ReadMetric = (name: string) => Iterable<MetricPoint>;

export interface AliasTime {
  /** Unix milliseconds. */
  readonly nowMs: number;
  /** Since when counts that do not say so began. */
  readonly startedMs: number;
}

/** A family under an alias. */
export interface AliasFamily extends MetricFamily {
  /** Labels that dashboards ask for, of points of a metric that has the name of the alias itself; undefined for others. */
  labelsOf(metric: string, attributes: MetricPoint['attributes']): MetricPoint['attributes'] | undefined;
}

/** Names of all metrics aliases are read from. */
export const ALIAS_SOURCES: ReadonlySet<string> = new Set(
  ALIASES.flatMap(({ sources }) => sources.map(({ metric }) => metric)),
);

/**
 * Every alias of which a source has points; points are as they are at this moment.
 *
 * @param totals of the collection before; the same each time
 */
export function* aliasFamilies(read: ReadMetric, time: AliasTime, totals: AliasTotals): Generator<AliasFamily> {
  totals.begin();
  for (const alias of ALIASES) {
    const points = pointsOf(alias, read, time, totals);
    const { name, kind, help } = alias;
    const labels: AliasFamily['labelsOf'] = (metric, attributes) => ownLabels(alias, metric, attributes);
    if (points.length > 0) yield { name, unit: '', description: help, kind, points, labelsOf: labels };
  }
}

/** What stands for a value as it is, and for nothing else. */
function ownLabels(
  { sources, labels, factor }: Alias,
  metric: string,
  attributes: MetricPoint['attributes'],
): MetricPoint['attributes'] | undefined {
  const isOwn = sources.some(
    (source) => source.metric === metric && source.reading === 'value' && source.where === undefined,
  );
  return isOwn && factor === undefined ? labelled(labels ?? {}, attributes) : undefined;
}

function pointsOf(alias: Alias, read: ReadMetric, time: AliasTime, totals: AliasTotals): MetricPoint[] {
  for (const source of alias.sources) {
    const points = [...read(source.metric)].filter((point) => isWanted(point, source));
    if (points.length === 0) continue;
    return source.reading === 'share' ? shares(points, source) : joined(points, source, alias, time, totals);
  }
  return [];
}

function isWanted({ attributes }: MetricPoint, { where = {} }: Source): boolean {
  return Object.entries(where).every(([key, value]) => attributes[key] === value);
}

/** One point of each set of labels. */
function joined(
  points: readonly MetricPoint[],
  source: Source,
  alias: Alias,
  time: AliasTime,
  totals: AliasTotals,
): MetricPoint[] {
  const groups = new Map<string, Map<string, MetricPoint>>();
  for (const point of points) {
    const made = madeOf(point, source, alias, time);
    if (made === undefined) continue;
    const key = JSON.stringify([alias.name, made.attributes]);
    const group = groups.get(key) ?? new Map<string, MetricPoint>();
    groups.set(key, group);
    const from = JSON.stringify(point.attributes);
    const known = group.get(from);
    group.set(from, known === undefined ? made : joinPoints(alias.kind, known, made));
  }
  return [...groups].map(([key, group]) => {
    if (alias.kind !== 'gauge') return totals.sumOf(key, alias.kind, group);
    const [first] = group.values();
    return { attributes: first?.attributes ?? {}, value: together([...group.values()], alias) };
  });
}

function together(points: readonly MetricPoint[], { joining = 'sum' }: Alias): number {
  const values = points.map(({ value = NaN }) => value);
  if (joining === 'min') return Math.min(...values);
  const sum = values.reduce((total, value) => total + value, 0);
  return joining === 'mean' ? sum / values.length : sum;
}

function madeOf(
  point: MetricPoint,
  source: Source,
  { labels = {}, factor = 1, kind }: Alias,
  time: AliasTime,
): MetricPoint | undefined {
  const attributes = labelled(labels, point.attributes);
  const { startMs, createdMs } = point;
  const began = { ...(startMs === undefined ? {} : { startMs }), ...(createdMs === undefined ? {} : { createdMs }) };
  if (kind === 'histogram') {
    const histogram = classicOf(point);
    return histogram && { attributes, ...began, histogram: scaled(histogram, factor) };
  }
  const value = reading(point, source, time);
  return value === undefined ? undefined : { attributes, ...began, value: value * factor };
}

function labelled(
  labels: NonNullable<Alias['labels']>,
  attributes: MetricPoint['attributes'],
): MetricPoint['attributes'] {
  return Object.fromEntries(Object.entries(labels).map(([label, from]) => [label, labelValue(attributes, from)]));
}

function labelValue(attributes: MetricPoint['attributes'], source: LabelSource): string {
  const first = (keys: readonly string[]): string | undefined =>
    keys.map((key) => attributes[key]).find((value) => value !== undefined && value !== '');
  if ('from' in source) return first(source.from) ?? '';
  return (attributes['error.type'] ?? '') === '' ? (first(source.status) ?? 'success') : 'error';
}

function reading(point: MetricPoint, source: Source, { nowMs, startedMs }: AliasTime): number | undefined {
  const histogram = classicOf(point);
  const count = histogram?.counts.reduce((sum, each) => sum + each, 0);
  const sinceMs = point.createdMs ?? startedMs;
  switch (source.reading) {
    case 'count':
      return count ?? point.value;
    case 'sum':
      return histogram?.sum ?? point.value;
    case 'mean':
      return histogram === undefined || count === undefined ? point.value : histogram.sum / count;
    case 'hourly':
      return perMs(count ?? point.value, nowMs - sinceMs, 3_600_000);
    case 'percent':
      return perMs(point.value, nowMs - sinceMs, 100 * 1000);
    default:
      return point.value;
  }
}

function perMs(value: number | undefined, elapsedMs: number, factor: number): number | undefined {
  return value === undefined || elapsedMs <= 0 ? undefined : (value * factor) / elapsedMs;
}

function shares(points: readonly MetricPoint[], { of = '' }: Source): MetricPoint[] {
  let [yes, all] = [0, 0];
  for (const { attributes, value = 0 } of points) {
    if (attributes[of] === 'true') yes += value;
    all += value;
  }
  return all > 0 ? [{ attributes: {}, value: yes / all }] : [];
}

function classicOf({ histogram, exponential }: MetricPoint): ClassicHistogram | undefined {
  return histogram ?? (exponential && classicOfExponential(exponential));
}

function scaled({ bounds, counts, sum }: ClassicHistogram, factor: number): ClassicHistogram {
  return factor === 1
    ? { bounds, counts, sum }
    : { bounds: bounds.map((bound) => bound * factor), counts, sum: sum * factor };
}
