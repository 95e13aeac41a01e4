// Writes families in the Prometheus text format and in OpenMetrics 1.0, which differ in few lines.
// @see Prometheus, exposition formats; OpenMetrics 1.0
import type { SummaryValue } from '../model/data-point.ts';
import type { ClassicHistogram, Exemplar, MetricPoint } from '../model/metric-family.ts';
import { boundText, numberText } from './bound-text.ts';
import { classicOfExponential } from './classic-of-exponential.ts';
import { emptied, type PageFamily, type PageSeries } from './page-families.ts';
import { isPlainName, type Label } from './prometheus-naming.ts';

export type TextFormat = 'text' | 'openmetrics';

/** How series are written. */
export interface TextOptions {
  readonly format: TextFormat;
  /** Whether OpenMetrics tells since when each series counts, in a series of its own. */
  readonly showsCreated: boolean;
  /** Answers true for a cumulative series that has to show 0 this once. */
  readonly hold: (series: string, point: MetricPoint) => boolean;
}

/** What stands before the samples of a family. */
export function familyHead({ name, unit, help, kind }: PageFamily, format: TextFormat): string {
  if (format === 'text') {
    const described = quoted(kind === 'counter' ? `${name}_total` : kind === 'info' ? `${name}_info` : name);
    const type = kind === 'info' ? 'gauge' : kind === 'unknown' ? 'untyped' : kind;
    return `# HELP ${described} ${escapeHelp(help, format)}\n# TYPE ${described} ${type}\n`;
  }
  const named = quoted(name);
  const [type, told] = [`# TYPE ${named} ${kind}\n`, `# HELP ${named} ${escapeHelp(help, format)}\n`];
  return unit === '' ? told + type : `${type}# UNIT ${named} ${unit}\n${told}`;
}

/** The lines of one series. */
export function seriesText({ name, kind }: PageFamily, series: PageSeries, options: TextOptions): string {
  const { format, hold } = options;
  const isLevel = kind === 'gauge' || kind === 'info' || kind === 'unknown';
  const isHeld = !isLevel && hold(`${name}{${series.key}}`, series.point);
  // What shows 0 has nothing to show an example of.
  const point = isHeld ? emptied(series.point) : series.point;
  const line: LineOptions = {
    name,
    labels: series.labels.map(labelText).join(','),
    format,
    createdMs: format === 'openmetrics' && options.showsCreated && !isLevel ? point.createdMs : undefined,
    exemplars: format === 'openmetrics' && !isLevel ? (point.exemplars ?? []) : [],
  };
  if (kind === 'histogram') {
    const classic = series.point.histogram ?? classicOf(series.point);
    return histogramLines(line, isHeld ? { ...classic, counts: classic.counts.map(() => 0), sum: 0 } : classic);
  }
  if (kind === 'summary') return point.summary === undefined ? '' : summaryLines(line, point.summary);
  const suffix = kind === 'counter' ? '_total' : kind === 'info' ? '_info' : '';
  const exemplar = line.exemplars.at(-1);
  return `${sample(line, suffix)} ${numberText(point.value ?? 0)}${exemplarText(exemplar)}\n${createdLine(line)}`;
}

interface LineOptions {
  readonly name: string;
  /** As they are written, without braces. */
  readonly labels: string;
  readonly format: TextFormat;
  readonly createdMs: number | undefined;
  readonly exemplars: readonly Exemplar[];
}

function classicOf({ exponential }: MetricPoint): ClassicHistogram {
  return exponential === undefined ? { bounds: [], counts: [0], sum: 0 } : classicOfExponential(exponential);
}

function histogramLines(line: LineOptions, { bounds, counts, sum }: ClassicHistogram): string {
  const examples = new Map<number, Exemplar>();
  // Of several in one bucket the newest is shown.
  for (const exemplar of line.exemplars) examples.set(bucketOf(bounds, exemplar.value), exemplar);
  const start = withoutLast(line, '_bucket');
  let text = '';
  let cumulative = 0;
  counts.forEach((count, i) => {
    cumulative += count;
    const bound = boundText(i < bounds.length ? (bounds[i] ?? 0) : Infinity);
    text += `${start}le="${bound}"} ${numberText(cumulative)}${examples.size > 0 ? exemplarText(examples.get(i)) : ''}\n`;
  });
  // OpenMetrics has both or neither, and no sum where values may be negative; the last bucket tells the count.
  const hasSum = !Number.isNaN(sum) && !(line.format === 'openmetrics' && (bounds[0] ?? 0) < 0);
  if (hasSum) text += `${sample(line, '_sum')} ${numberText(sum)}\n`;
  if (hasSum || line.format === 'text') text += `${sample(line, '_count')} ${numberText(cumulative)}\n`;
  return text + createdLine(line);
}

function summaryLines(line: LineOptions, { count, sum, quantiles }: SummaryValue): string {
  const lines = quantiles.map(
    ({ quantile, value }) => `${withoutLast(line, '')}quantile="${boundText(quantile)}"} ${numberText(value)}\n`,
  );
  const whole = `${sample(line, '_sum')} ${numberText(sum)}\n${sample(line, '_count')} ${numberText(count)}\n`;
  return lines.join('') + whole + createdLine(line);
}

function createdLine(line: LineOptions): string {
  if (line.createdMs === undefined) return '';
  return `${sample(line, '_created')} ${(line.createdMs / 1000).toFixed(3)}\n`;
}

function bucketOf(bounds: readonly number[], value: number): number {
  const place = bounds.findIndex((bound) => value <= bound);
  return place < 0 ? bounds.length : place;
}

/** Characters that names and values of an exemplar's labels may have in all. @see OpenMetrics 1.0, Exemplars */
const EXEMPLAR_CHARACTERS = 128;

/** The labels of an exemplar: its span, and what else was known as far as it fits. */
export function exemplarLabels({ traceId, spanId, attributes = {} }: Exemplar): Label[] {
  const labels: Label[] = [];
  if (traceId !== '') labels.push(['trace_id', traceId]);
  if (spanId !== '') labels.push(['span_id', spanId]);
  const more = Object.entries(attributes).map(([key, value]): Label => [
    key.replace(/[^a-zA-Z0-9_]/g, '_').replace(/^(\d)/, '_$1'),
    value,
  ]);
  const all = [...labels, ...more.filter(([name]) => name !== 'trace_id' && name !== 'span_id')];
  const length = all.reduce((sum, [name, value]) => sum + [...name].length + [...value].length, 0);
  const isUnique = new Set(all.map(([name]) => name)).size === all.length;
  return length <= EXEMPLAR_CHARACTERS && isUnique ? all : labels;
}

function exemplarText(exemplar: Exemplar | undefined): string {
  if (exemplar === undefined) return '';
  const labels = exemplarLabels(exemplar).map(labelText).join(',');
  return ` # {${labels}} ${numberText(exemplar.value)} ${(exemplar.timestampMs / 1000).toFixed(3)}`;
}

/** A sample's name with its labels; a name that needs quotes stands among them. */
function sample({ name, labels }: LineOptions, suffix: string): string {
  const whole = name + suffix;
  if (!isPlainName(whole)) return `{${quoted(whole)}${labels === '' ? '' : ','}${labels}}`;
  return labels === '' ? whole : `${whole}{${labels}}`;
}

/** The same up to a last label, which is to follow. */
function withoutLast({ name, labels }: LineOptions, suffix: string): string {
  const whole = name + suffix;
  const before = labels === '' ? '' : `${labels},`;
  return isPlainName(whole) ? `${whole}{${before}` : `{${quoted(whole)},${before}`;
}

function labelText([name, value]: Label): string {
  return `${isPlainName(name) && !name.includes(':') ? name : `"${escapeValue(name)}"`}="${escapeValue(value)}"`;
}

function quoted(name: string): string {
  return isPlainName(name) ? name : `"${escapeValue(name)}"`;
}

function escapeValue(value: string): string {
  // Most have nothing to escape, and a search is much cheaper than a replacement.
  return !/[\\"\n]/.test(value) ? value : value.replace(/[\\"\n]/g, (c) => (c === '\n' ? '\\n' : `\\${c}`));
}

function escapeHelp(text: string, format: TextFormat): string {
  const escaped = text.replace(/\\/g, '\\\\').replace(/\n/g, '\\n');
  return format === 'openmetrics' ? escaped.replace(/"/g, '\\"') : escaped;
}
