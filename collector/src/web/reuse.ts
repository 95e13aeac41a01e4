// How often connections and pooled objects are used again, as far as instrumented programs report what tells it.
import { attributeOf, valueText } from '../model/attributes.ts';
import type { DataPoint, PointValue } from '../model/data-point.ts';
import type { Reuse } from './metrics-answers.ts';
import { senderOf } from './resource-history.ts';

/** The newest point of every series of a metric. */
export interface SeriesView {
  /** @param name OpenTelemetry's */
  newest(name: string): Iterable<DataPoint>;
}

/**
 * What tells it. `made` counts what was made anew, `used` all uses, of both histograms their measurements: what was used
 * without being made is reuse. `reused` is a counter of uses with an attribute that says whether each was one; `ratio` a
 * gauge that says it all.
 */
type Rule = { readonly kind: Reuse['kind']; readonly by: readonly string[] } & (
  | { readonly made: string; readonly used: string }
  | { readonly reused: string; readonly attribute: string }
  | { readonly ratio: string }
);

/**
 * What this project's SDK reports stands beside it.
 *
 * @see OpenTelemetry semantic conventions: database and HTTP client metrics, and their forms before 1.26
 */
const RULES: readonly Rule[] = [
  {
    kind: 'connections',
    made: 'db.client.connection.create_time',
    used: 'db.client.connection.use_time',
    by: ['db.client.connection.pool.name'],
  },
  {
    kind: 'connections',
    made: 'db.client.connections.create_time',
    used: 'db.client.connections.use_time',
    by: ['pool.name'],
  },
  {
    kind: 'connections',
    // Counted when they end: right for the course of time, late for the newest.
    made: 'http.client.connection.duration',
    used: 'http.client.request.duration',
    by: ['server.address', 'server.port'],
  },
  {
    kind: 'connections',
    reused: 'connection.requests',
    attribute: 'connection.reused',
    by: ['server.address', 'server.port'],
  },
  {
    kind: 'objects',
    reused: 'object_pool.acquisitions',
    attribute: 'object_pool.reused',
    by: ['object_pool.name'],
  },
  { kind: 'connections', reused: 'connection_requests', attribute: 'reused', by: ['service'] },
  { kind: 'connections', ratio: 'connection_reuse_rate', by: ['service'] },
  { kind: 'objects', ratio: 'object_pool_reuse_rate', by: ['pool'] },
];

const MAX_ANSWERED = 50;

interface Totals {
  readonly sender: { readonly service: string; readonly instance: string };
  readonly name: string;
  used: number;
  anew: number;
}

/** Reads every rule; at most 50, those with most uses first. */
export function readReuse(series: SeriesView): Reuse[] {
  const found = RULES.flatMap((rule) => ('ratio' in rule ? statedRatios(series, rule) : countedRatios(series, rule)));
  return found.sort((a, b) => (b.uses ?? 0) - (a.uses ?? 0)).slice(0, MAX_ANSWERED);
}

function statedRatios(series: SeriesView, rule: Extract<Rule, { ratio: string }>): Reuse[] {
  return points(series, rule.ratio).flatMap((point) => {
    const { value } = point;
    if (value.type !== 'number' || value.value < 0 || value.value > 1) return [];
    const of = { ...senderOf(point.metric.resource), name: nameOf(point, rule.by) };
    return [{ ...of, kind: rule.kind, metric: rule.ratio, ratio: value.value }];
  });
}

function countedRatios(series: SeriesView, rule: Exclude<Rule, { ratio: string }>): Reuse[] {
  const pools = new Map<string, Totals>();
  const add = (point: DataPoint, used: number, anew: number): void => {
    const sender = senderOf(point.metric.resource);
    const name = nameOf(point, rule.by);
    const key = JSON.stringify([sender.service, sender.instance, name]);
    const totals = pools.get(key) ?? { sender, name, used: 0, anew: 0 };
    totals.used += used;
    totals.anew += anew;
    pools.set(key, totals);
  };
  if ('made' in rule) {
    for (const point of points(series, rule.used)) add(point, countOf(point.value), 0);
    for (const point of points(series, rule.made)) add(point, 0, countOf(point.value));
  } else {
    for (const point of points(series, rule.reused)) {
      const isReuse = valueText(attributeOf(point.attributes, rule.attribute) ?? '').toLowerCase() === 'true';
      add(point, countOf(point.value), isReuse ? 0 : countOf(point.value));
    }
  }
  const metric = 'made' in rule ? `${rule.made}, ${rule.used}` : rule.reused;
  // Of a pool that only made, or only was used, nothing is known.
  return [...pools.values()]
    .filter(({ used, anew }) => used > 0 && (anew > 0 || 'reused' in rule))
    .map(({ sender, name, used, anew }) => ({
      ...sender,
      kind: rule.kind,
      name,
      metric,
      ratio: Math.max(0, used - anew) / used,
      uses: used,
    }));
}

function points(series: SeriesView, name: string): DataPoint[] {
  return [...series.newest(name)].filter(({ hasNoValue }) => !hasNoValue);
}

function countOf(value: PointValue): number {
  return value.type === 'number' ? value.value : value.count;
}

function nameOf({ attributes }: DataPoint, keys: readonly string[]): string {
  const values = keys.map((key) => valueText(attributeOf(attributes, key) ?? ''));
  return values.filter((value) => value !== '').join(':');
}
