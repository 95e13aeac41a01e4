// What a sample is by the type of its family: a value of its own, or a part of a histogram or summary.
import type { MetricKind } from '../model/data-point.ts';

export const TYPES = [
  'counter',
  'gauge',
  'histogram',
  'gaugehistogram',
  'summary',
  'info',
  'stateset',
  'unknown',
  'untyped',
] as const;
export type FamilyType = (typeof TYPES)[number];

/** What the lines before its samples say of a family. */
export interface Family {
  readonly name: string;
  readonly type: FamilyType;
  /** As written, in full words. */
  readonly unit: string;
  readonly help: string;
  /** Number of the scrape that declared it last. */
  declaredIn: number;
}

/** What a sample is in its series. */
export type Role = 'value' | 'bucket' | 'sum' | 'count' | 'quantile' | 'created' | 'native';

/** Where a sample belongs. */
export interface Place {
  readonly role: Role;
  /** Name of the data points. */
  readonly name: string;
  readonly kind: MetricKind;
  readonly isMonotonic: boolean;
}

const SUFFIXES = ['_bucket', '_sum', '_count', '_total', '_created', '_info', '_gsum', '_gcount'];

/** Names a family may have that has a sample of this name. */
export function* familyNames(sample: string): Generator<string> {
  yield sample;
  for (const suffix of SUFFIXES) if (sample.endsWith(suffix)) yield sample.slice(0, -suffix.length);
}

/**
 * Says what a sample is in a family; undefined where it is none of its.
 *
 * @see OpenTelemetry specification, Prometheus and OpenMetrics Compatibility, Prometheus Metric points to OTLP
 */
export function placeIn({ name, type }: Pick<Family, 'name' | 'type'>, sample: string): Place | undefined {
  if (!sample.startsWith(name)) return undefined;
  const suffix = sample.slice(name.length);
  switch (type) {
    case 'counter':
      if (suffix === '' || suffix === '_total') return value(sample, 'sum', true);
      return suffix === '_created' ? { ...value(`${name}_total`, 'sum', true), role: 'created' } : undefined;
    case 'histogram':
      return partOf(name, 'histogram', suffix, 'bucket', '_bucket');
    case 'summary':
      return partOf(name, 'summary', suffix, 'quantile', '');
    case 'gaugehistogram':
      // No kind of OpenTelemetry's has values that fall again, so its parts stay gauges as Prometheus stores them.
      return ['_bucket', '_gsum', '_gcount'].includes(suffix) ? value(sample, 'gauge', false) : undefined;
    case 'info':
      return suffix === '_info' || suffix === '' ? value(sample, 'sum', false) : undefined;
    case 'stateset':
      return suffix === '' ? value(sample, 'sum', false) : undefined;
    case 'gauge':
    case 'unknown':
    case 'untyped':
      return suffix === '' ? value(sample, 'gauge', false) : undefined;
  }
}

/** Of a sample without a family. */
export function placeAlone(sample: string): Place {
  return value(sample, 'gauge', false);
}

function value(name: string, kind: MetricKind, isMonotonic: boolean): Place {
  return { role: 'value', name, kind, isMonotonic };
}

/** What histograms and summaries have in common. A map, because senders choose the names. */
const PARTS: ReadonlyMap<string, Role> = new Map([
  ['_sum', 'sum'],
  ['_count', 'count'],
  ['_created', 'created'],
]);

function partOf(
  name: string,
  kind: 'histogram' | 'summary',
  suffix: string,
  own: Role,
  ownSuffix: string,
): Place | undefined {
  const isMonotonic = kind === 'histogram';
  if (suffix === ownSuffix) return { role: own, name, kind, isMonotonic };
  const role = PARTS.get(suffix);
  return role === undefined ? undefined : { role, name, kind, isMonotonic };
}

/** UCUM for the words that Prometheus uses. */
const UNITS: ReadonlyMap<string, string> = new Map(Object.entries({
  days: 'd', hours: 'h', minutes: 'min', seconds: 's', milliseconds: 'ms', microseconds: 'us', nanoseconds: 'ns',
  bytes: 'By', kibibytes: 'KiBy', mebibytes: 'MiBy', gibibytes: 'GiBy', tibibytes: 'TiBy',
  kilobytes: 'kBy', megabytes: 'MBy', gigabytes: 'GBy', terabytes: 'TBy', bits: 'bit',
  meters: 'm', volts: 'V', amperes: 'A', joules: 'J', watts: 'W', grams: 'g', celsius: 'Cel', hertz: 'Hz',
  percent: '%', ratio: '1',
  second: 's', minute: 'min', hour: 'h', day: 'd', week: 'wk', month: 'mo', year: 'a',
})); // prettier-ignore

/** A unit of OpenMetrics in UCUM; words it does not know stay. */
export function ucumOf(unit: string): string {
  return unit
    .split('_per_')
    .map((word) => UNITS.get(word) ?? word)
    .join('/');
}
