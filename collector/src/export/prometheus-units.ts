// UCUM units in the words of Prometheus.
// @see OpenTelemetry specification, Prometheus and OpenMetrics Compatibility; UCUM, tables of units
import type { MetricFamily } from '../model/metric-family.ts';

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

/**
 * Spells a unit: `By/s` is `bytes_per_second`. Annotations in braces say what is counted and are no unit; `1` is a
 * ratio where it is a level, and nothing where things are counted.
 */
export function unitName(unit: string, kind: MetricFamily['kind']): string {
  if (unit === '1') return kind === 'gauge' ? 'ratio' : '';
  const [main = '', ...per] = unit.replace(/\{[^}]*\}/g, '').split('/');
  const spelled = [spell(main, UNITS)];
  for (const each of per) {
    const word = spell(each, PER);
    if (word !== '') spelled.push('per', word);
  }
  return spelled.filter((word) => word !== '').join('_');
}

function spell(unit: string, words: Readonly<Record<string, string>>): string {
  const known = Object.hasOwn(words, unit) ? words[unit] : undefined;
  if (known !== undefined) return known;
  // `1/s` counts a second.
  return unit === '1' ? '' : unit.replace(/[^a-zA-Z0-9]+/g, '_').replace(/^_+|_+$/g, '');
}
