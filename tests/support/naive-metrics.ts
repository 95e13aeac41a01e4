// What a body of metrics means, read by protobufjs and judged by the rules as they are written down, one point at a time.
// Shares no code with the decoder it judges.
import { type AttributeValue, type Attributes, isMap } from '../../collector/src/model/attributes.ts';
import type { DataPoint } from '../../collector/src/model/data-point.ts';
import { MetricsRequest8 } from './otlp-metrics-schema.ts';

/** Points as text, in their order, and how many were left out. */
export interface NaivePoints {
  readonly points: readonly string[];
  readonly rejected: number;
}

type Plain = { readonly [key: string]: unknown };

/** Reads a body. @throws what protobufjs throws */
export function naivePoints(body: Uint8Array, nowMs: number): NaivePoints {
  const request = MetricsRequest8.toObject(MetricsRequest8.decode(body), { longs: String, bytes: Buffer }) as Plain;
  const points: string[] = [];
  let rejected = 0;
  for (const resourceMetrics of list(request, 'resourceMetrics')) {
    const resource = around(resourceMetrics, 'resource');
    for (const scopeMetrics of list(resourceMetrics, 'scopeMetrics')) {
      const scope = around(scopeMetrics, 'scope');
      for (const metric of list(scopeMetrics, 'metrics')) {
        const [kind, data] = KINDS.map((key) => [key, metric[key]] as const).find(([, it]) => it !== undefined) ?? [];
        if (kind === undefined) continue;
        const described = describe(metric, kind, data as Plain);
        for (const point of list(data as Plain, 'dataPoints')) {
          const read =
            described === undefined ? undefined : readPoint(kind, described['isMonotonic'] === true, point, nowMs);
          if (read === undefined) rejected++;
          else points.push(text({ resource, scope, ...described, ...read }));
        }
      }
    }
  }
  return { points, rejected };
}

const KINDS = ['gauge', 'sum', 'histogram', 'exponentialHistogram', 'summary'] as const;
type Kind = (typeof KINDS)[number];

function around(holder: Plain, key: 'resource' | 'scope'): Plain {
  const inner = (holder[key] ?? {}) as Plain;
  const named = key === 'scope' ? { name: inner['name'] ?? '', version: inner['version'] ?? '' } : {};
  return { ...named, attributes: attributes(inner, 'attributes'), schemaUrl: holder['schemaUrl'] ?? '' };
}

function describe(metric: Plain, kind: Kind, data: Plain): Plain | undefined {
  const temporality = ['', 'delta', 'cumulative'][Number(data['aggregationTemporality'] ?? 0)] ?? '';
  const isPlain = kind === 'gauge' || kind === 'summary';
  if ((metric['name'] ?? '') === '' || (!isPlain && temporality === '')) return undefined;
  return {
    name: metric['name'],
    description: metric['description'] ?? '',
    unit: metric['unit'] ?? '',
    metadata: attributes(metric, 'metadata'),
    kind,
    temporality: isPlain ? 'cumulative' : temporality,
    isMonotonic: kind === 'sum' ? data['isMonotonic'] === true : !isPlain,
  };
}

function readPoint(kind: Kind, isMonotonic: boolean, point: Plain, nowMs: number): Plain | undefined {
  const hasNoValue = (Number(point['flags'] ?? 0) & 1) === 1;
  const value = VALUES[kind](point, kind, isMonotonic);
  if (!hasNoValue && value === undefined) return undefined;
  const timeMs = milliseconds(point, 'timeUnixNano');
  return {
    attributes: attributes(point, 'attributes'),
    startMs: milliseconds(point, 'startTimeUnixNano'),
    timeMs: timeMs === 0 ? nowMs : timeMs,
    value: hasNoValue ? 'none' : value,
    exemplars: kind === 'summary' ? [] : list(point, 'exemplars').flatMap(exemplar),
  };
}

const VALUES: Readonly<Record<Kind, (point: Plain, kind: Kind, isMonotonic: boolean) => Plain | undefined>> = {
  gauge: number,
  sum: number,
  histogram: (point) => {
    const bounds = ((point['explicitBounds'] ?? []) as number[]).map(Number);
    const counts = bigints(point, 'bucketCounts');
    const ascending = bounds.every((bound, i) => !Number.isNaN(bound) && (i === 0 || bound > (bounds[i - 1] ?? 0)));
    const fits = counts.length === 0 ? bounds.length === 0 : counts.length === bounds.length + 1;
    if (!fits || !ascending || (counts.length > 0 && !isTotal(counts, big(point, 'count')))) return undefined;
    const statistics = statisticsOf(point);
    if (statistics === undefined) return undefined;
    if (bounds.at(-1) !== Infinity) return { ...statistics, bounds, counts: counts.map(Number) };
    const [last = 0n, over = 0n] = counts.slice(-2);
    return { ...statistics, bounds: bounds.slice(0, -1), counts: [...counts.slice(0, -2), last + over].map(Number) };
  },
  exponentialHistogram: (point) => {
    const scale = Number(point['scale'] ?? 0);
    const zeroThreshold = Number(point['zeroThreshold'] ?? 0);
    const sides = ['positive', 'negative'].map((key) => sideOf((point[key] ?? {}) as Plain));
    const counts = [...sides.flatMap((side) => side.counts), big(point, 'zeroCount')];
    if (!isTotal(counts, big(point, 'count')) || scale < -10 || scale > 20) return undefined;
    if (!(zeroThreshold >= 0) || zeroThreshold === Infinity) return undefined;
    if (!sides.every((side) => isDouble(side, scale))) return undefined;
    const statistics = statisticsOf(point);
    const plain = sides.map((side) => ({ offset: side.offset, counts: side.counts.map(Number) }));
    return statistics && { ...statistics, scale, zeroCount: Number(point['zeroCount'] ?? 0), zeroThreshold, plain };
  },
  summary: (point) => {
    const quantiles = list(point, 'quantileValues').map(({ quantile = 0, value = 0 }) => [quantile, value] as const);
    const statistics = statisticsOf({ sum: 0, ...point });
    const inRange = quantiles.every(([quantile]) => Number(quantile) >= 0 && Number(quantile) <= 1);
    if (statistics === undefined || !inRange) return undefined;
    return { ...statistics, quantiles: quantiles.toSorted(([a], [b]) => Number(a) - Number(b)) };
  },
};

function number(point: Plain, kind?: Kind, isMonotonic = false): Plain | undefined {
  const isInteger = point['asInt'] !== undefined;
  if (!isInteger && point['asDouble'] === undefined) return undefined;
  const value = Number(isInteger ? point['asInt'] : point['asDouble']);
  if (kind === 'sum' && (!Number.isFinite(value) || (isMonotonic && value < 0))) return undefined;
  return { value, isInteger };
}

/** Undefined where one of them is no number. */
function statisticsOf(point: Plain): Plain | undefined {
  const [sum, min, max] = ['sum', 'min', 'max'].map((key) => point[key]);
  if ([sum, min, max].some((value) => Number.isNaN(value))) return undefined;
  return { count: Number(point['count'] ?? 0), sum, min, max };
}

interface Side {
  readonly offset: number;
  readonly counts: readonly bigint[];
}

function sideOf(buckets: Plain): Side {
  return { offset: Number(buckets['offset'] ?? 0), counts: bigints(buckets, 'bucketCounts') };
}

/** Each bucket that counts anything has to hold some double: from 2^-1074 to below 2^1024. */
function isDouble({ offset, counts }: Side, scale: number): boolean {
  return counts.every((count, i) => {
    const lower = (offset + i) / 2 ** scale;
    const upper = (offset + i + 1) / 2 ** scale;
    return count === 0n || (upper > -1075 && lower < 1024);
  });
}

function exemplar(plain: Plain): Plain[] {
  const value = number(plain);
  const id = (key: string, length: number): string => {
    const bytes = (plain[key] ?? Buffer.alloc(0)) as Buffer;
    return bytes.length === length && bytes.some((byte) => byte !== 0) ? Buffer.from(bytes).toString('hex') : '';
  };
  if (value === undefined) return [];
  const timeMs = milliseconds(plain, 'timeUnixNano');
  const ids = { traceId: id('traceId', 16), spanId: id('spanId', 8) };
  return [{ ...value, timeMs, ...ids, attributes: attributes(plain, 'filteredAttributes') }];
}

function attributes(holder: Plain, key: string): unknown[] {
  const all = new Map(list(holder, key).map((pair) => [String(pair['key'] ?? ''), plainAny(pair['value'] as Plain)]));
  return [...all].sort(([a], [b]) => (a < b ? -1 : 1));
}

function plainAny(any: Plain = {}): unknown {
  const [kind, plain] = Object.entries(any).find(([key]) => key.endsWith('Value')) ?? [];
  if (kind === undefined) return null;
  if (kind === 'arrayValue') return { list: list(plain as Plain, 'values').map((each) => plainAny(each)) };
  if (kind === 'kvlistValue') return { map: attributes(plain as Plain, 'values') };
  if (kind === 'bytesValue') return { bytes: Buffer.from(plain as Buffer).toString('hex') };
  return kind === 'intValue' ? { int: String(plain) } : kind === 'doubleValue' ? { double: plain } : plain;
}

function list(holder: Plain, key: string): readonly Plain[] {
  return (holder[key] ?? []) as Plain[];
}

function big(holder: Plain, key: string): bigint {
  return BigInt((holder[key] ?? 0) as string);
}

function milliseconds(holder: Plain, key: string): number {
  const ns = big(holder, key);
  return Number(ns / 1_000_000n) + Number(ns % 1_000_000n) / 1e6;
}

function bigints(holder: Plain, key: string): bigint[] {
  return ((holder[key] ?? []) as string[]).map(BigInt);
}

/** Exact below 2^53; beyond, so far as each count can be told from its neighbours in a double. */
function isTotal(counts: readonly bigint[], count: bigint): boolean {
  const difference = counts.reduce((sum, each) => sum + each, -count);
  const tolerance = count < 2n ** 53n ? 0n : (BigInt(counts.length) * count) / 2n ** 53n;
  return difference <= tolerance && -difference <= tolerance;
}

/** What JSON would lose is named; keys in order, so that equal things are equal texts. */
function text(plain: unknown): string {
  return JSON.stringify(plain, (_, each: unknown) => {
    if (typeof each === 'number')
      return Number.isFinite(each) && !Object.is(each, -0) ? each : `number ${nameOf(each)}`;
    if (typeof each !== 'object' || each === null || Array.isArray(each)) return each;
    return Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

function nameOf(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

const KIND_KEYS = { exponential_histogram: 'exponentialHistogram' } as const;

/** A point of ours in the same form. */
export function pointText({
  metric,
  attributes: own,
  startMs,
  timeMs,
  hasNoValue,
  value: it,
  exemplars,
}: DataPoint): string {
  const { resource, scope, name, description, unit, metadata, kind, temporality, isMonotonic } = metric;
  return text({
    resource: { attributes: plainAttributes(resource.attributes), schemaUrl: resource.schemaUrl },
    scope: {
      name: scope.name,
      version: scope.version,
      attributes: plainAttributes(scope.attributes),
      schemaUrl: scope.schemaUrl,
    },
    name,
    description,
    unit,
    metadata: plainAttributes(metadata),
    kind: kind === 'exponential_histogram' ? KIND_KEYS[kind] : kind,
    temporality,
    isMonotonic,
    attributes: plainAttributes(own),
    startMs,
    timeMs,
    value: hasNoValue ? 'none' : valueText(it),
    exemplars: exemplars.map((each) => ({ ...each, attributes: plainAttributes(each.attributes) })),
  });
}

function valueText(point: DataPoint['value']): unknown {
  const { type: _, ...plain } = point;
  if (point.type === 'exponential_histogram') {
    const { positive, negative, ...rest } = plain as typeof point;
    return { ...rest, plain: [positive, negative] };
  }
  if (point.type !== 'summary') return plain;
  const { quantiles } = point;
  return { ...plain, quantiles: quantiles.map(({ quantile, value: at }) => [quantile, at]) };
}

function plainAttributes(all: Attributes): unknown[] {
  return all.map(([key, each]) => [key, plainValue(each)]);
}

function plainValue(each: AttributeValue): unknown {
  if (typeof each === 'bigint') return { int: String(each) };
  if (typeof each === 'number') return { double: each };
  if (each === null || typeof each !== 'object') return each;
  if (each instanceof Uint8Array) return { bytes: Buffer.from(each).toString('hex') };
  return isMap(each) ? { map: plainAttributes(each.entries) } : { list: each.map(plainValue) };
}
