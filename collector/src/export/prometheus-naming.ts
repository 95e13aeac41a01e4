// Names as Prometheus has them: of metrics, units and labels, for the page and for what is pushed.
// @see OpenTelemetry specification, Prometheus and OpenMetrics Compatibility, OTLP Metric points to Prometheus
import { type MetricFamily } from '../model/metric-family.ts';
import { unitName } from './prometheus-units.ts';

/**
 * How names are written: `translated` by OpenTelemetry's rules, in underscores; or as they are with their suffixes, and
 * then in the scheme a scraper asks for.
 */
export type NameStyle = 'translated' | 'allow-utf-8' | 'underscores' | 'dots' | 'values';

/** A metric as Prometheus names it. */
export interface PrometheusName {
  /** Without `_total`. */
  readonly name: string;
  /** In full words; empty where there is none, or where the name does not end in it. */
  readonly unit: string;
}

/** What a format adds to names by itself. */
const SUFFIX: Partial<Record<MetricFamily['kind'], RegExp>> = { counter: /[_.]total$/, info: /[_.]info$/ };

/** Names a metric: words and unit; the suffix of its kind is left to the format. */
export function prometheusName(
  { name, unit, kind }: Pick<MetricFamily, 'name' | 'unit' | 'kind'>,
  style: NameStyle = 'translated',
): PrometheusName {
  const spelled = unitName(unit, kind);
  const base = style === 'translated' ? wordsOf(name) : name;
  const own = base.replace(SUFFIX[kind] ?? /$^/, '');
  const named = hasUnit(own, spelled) ? own : `${own.replace(/_+$/, '')}_${spelled}`;
  const whole = named === '' ? '_' : named;
  return { name: escaped(whole, style), unit: whole.endsWith(`_${spelled}`) ? spelled : '' };
}

/** The name of the samples of a metric: the one by which queries know a counter or a gauge. */
export function sampleName(
  metric: Pick<MetricFamily, 'name' | 'unit' | 'kind'>,
  style: NameStyle = 'translated',
): string {
  const suffix = metric.kind === 'counter' ? '_total' : metric.kind === 'info' ? '_info' : '';
  return prometheusName(metric, style).name + suffix;
}

/** Said anywhere in the name, it is not said again. */
function hasUnit(name: string, unit: string): boolean {
  return unit === '' || `_${name.replaceAll('.', '_')}_`.includes(`_${unit}_`);
}

function wordsOf(name: string): string {
  return name
    .replace(/[^a-zA-Z0-9_:]/g, '_')
    .replace(/__+/g, '_')
    .replace(/^(\d)/, '_$1');
}

/** Names of labels that are not free for attributes, by the kind of metric. */
const RESERVED: Partial<Record<MetricFamily['kind'], string>> = { histogram: 'le', summary: 'quantile' };

export type Label = readonly [name: string, value: string];

/**
 * Labels of attributes, in their order. Keys that become one name share a label, values joined in the order of keys.
 * To Prometheus an empty value is as good as no label.
 */
export function labelsOf(
  attributes: Readonly<Record<string, string>>,
  kind: MetricFamily['kind'],
  style: NameStyle = 'translated',
): Label[] {
  // Labels are few, and a list is made much faster than a map.
  const labels: [name: string, value: string][] = [];
  for (const key in attributes) {
    if (key === '') continue;
    const name = labelName(key, kind, style);
    const known = labels.find(([other]) => other === name);
    if (known === undefined) labels.push([name, attributes[key] ?? '']);
    else known[1] = joinedValue(attributes, (other) => labelName(other, kind, style) === name);
  }
  return labels;
}

/** The values of several keys, in the order of keys. */
function joinedValue(attributes: Readonly<Record<string, string>>, isOne: (key: string) => boolean): string {
  const keys = Object.keys(attributes).filter((key) => key !== '' && isOne(key));
  const values = keys.sort().map((key) => attributes[key] ?? '');
  return values.filter((value) => value !== '').join(';');
}

/** The name of a label; what the format needs for itself is renamed, as Prometheus renames what a target took. */
function labelName(key: string, kind: MetricFamily['kind'], style: NameStyle): string {
  const name =
    style === 'translated' ? wordsOf(key.includes(':') ? key.replaceAll(':', '_') : key) : escaped(key, style);
  if (name === '__name__' || name === RESERVED[kind]) return `exported_${name}`;
  return name;
}

/** Whether a name needs no quotes. */
export function isPlainName(name: string): boolean {
  return /^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name);
}

/** @see Prometheus, UTF-8 support, escaping schemes */
function escaped(name: string, style: NameStyle): string {
  if (style === 'translated' || style === 'allow-utf-8') return name;
  if (style === 'dots') return [...name].map(dotted).join('');
  if (isPlainName(name)) return name;
  if (style === 'underscores') return [...name].map((c, i) => (isPlain(c, i) ? c : '_')).join('');
  return `U__${[...name].map((c, i) => (c === '_' ? '__' : isPlain(c, i) ? c : `_${hexOf(c)}_`)).join('')}`;
}

function dotted(c: string, i: number): string {
  if (c === '_') return '__';
  if (c === '.') return '_dot_';
  return isPlain(c, i) ? c : '__';
}

function isPlain(c: string, i: number): boolean {
  return /[a-zA-Z_:]/.test(c) || (i > 0 && /[0-9]/.test(c));
}

function hexOf(c: string): string {
  return (c.codePointAt(0) ?? 0).toString(16);
}
