// Names on the page of metrics, which end in their unit, as on the page of the sidecar: OpenTelemetry's exporter for
// Prometheus adds `_total` and leaves units out.
// The tables are the sidecar's (collector/src/export/prometheus-units.ts), from which nothing may be imported here; a test
// holds the names of both against each other.
// @see OpenTelemetry specification, Prometheus and OpenMetrics Compatibility, UnderscoreEscapingWithSuffixes
import { DataPointType, type MetricData } from '@opentelemetry/sdk-metrics';

/** UCUM units in the words of Prometheus. */
const UNITS: Readonly<Record<string, string>> = {
  d: 'days',
  h: 'hours',
  min: 'minutes',
  s: 'seconds',
  ms: 'milliseconds',
  us: 'microseconds',
  ns: 'nanoseconds',
  bit: 'bits',
  By: 'bytes',
  kBy: 'kilobytes',
  KBy: 'kilobytes',
  MBy: 'megabytes',
  GBy: 'gigabytes',
  TBy: 'terabytes',
  KiBy: 'kibibytes',
  MiBy: 'mebibytes',
  GiBy: 'gibibytes',
  TiBy: 'tebibytes',
  m: 'meters',
  V: 'volts',
  A: 'amperes',
  J: 'joules',
  W: 'watts',
  g: 'grams',
  Cel: 'celsius',
  Hz: 'hertz',
  '%': 'percent',
};

/** What follows a slash, in the singular. */
const PER: Readonly<Record<string, string>> = {
  s: 'second',
  min: 'minute',
  m: 'minute',
  h: 'hour',
  d: 'day',
  wk: 'week',
  w: 'week',
  mo: 'month',
  a: 'year',
  y: 'year',
};

/** Gives a metric whose name ends in its unit; the same where it has none, or says it already. */
export function withUnit(metric: MetricData): MetricData {
  const { descriptor } = metric;
  const isCounter = metric.dataPointType === DataPointType.SUM && metric.isMonotonic;
  const isGauge =
    metric.dataPointType === DataPointType.GAUGE || (metric.dataPointType === DataPointType.SUM && !isCounter);
  const unit = unitName(descriptor.unit, isGauge);
  const words = `_${descriptor.name.replace(/[^a-zA-Z0-9]+/g, '_')}_`;
  if (unit === '' || words.includes(`_${unit}_`)) return metric;
  // The exporter adds it again.
  const own = isCounter ? descriptor.name.replace(/[_.]total$/, '') : descriptor.name;
  return { ...metric, descriptor: { ...descriptor, name: `${own}_${unit}` } };
}

/** `By/s` is `bytes_per_second`; annotations in braces are no unit, and `1` is a ratio where it is a level. */
function unitName(unit: string, isGauge: boolean): string {
  if (unit === '1') return isGauge ? 'ratio' : '';
  const [main = '', ...per] = unit.replace(/\{[^}]*\}/g, '').split('/');
  const rates = per.map((each) => spelled(each, PER)).filter((word) => word !== '');
  return [spelled(main, UNITS), ...rates.flatMap((word) => ['per', word])].filter((word) => word !== '').join('_');
}

function spelled(unit: string, words: Readonly<Record<string, string>>): string {
  if (Object.hasOwn(words, unit)) return words[unit] ?? '';
  return unit === '1' ? '' : unit.replace(/[^a-zA-Z0-9]+/g, '_').replace(/^_+|_+$/g, '');
}
