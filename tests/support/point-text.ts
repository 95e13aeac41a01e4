// Data points as lines of text, for tests that read as points in, points out:
//
//   requests{path="/a",@pod="x"} counter 5 @10s from -60s
//
// `@` in front of a key puts it on the resource. Kinds: gauge, counter, updown, histogram, exponential; with `/delta`
// behind where they are not cumulative. Times are seconds from POINTS_BEGAN_MS; a start that is left out is `from 0s`.
// Values: a number (`1.0` for a double that is whole), `none` for no recorded value, measurements as `1;2;3|1;5` with
// explicit bounds or `1;2;3|s4` at a scale. Histograms are written as count, sum and buckets.
import type { AttributeValue } from '../../collector/src/model/attributes.ts';
import { valueText } from '../../collector/src/model/attributes.ts';
import type { DataPoint, Metric, PointValue } from '../../collector/src/model/data-point.ts';
import { dataPoint, exponentialOf, histogramOf, numberValue, type PointShape, POINTS_BEGAN_MS } from './data-points.ts';

const LINE = /^([\w.]+)(?:\{(.*)\})? (\w+)(\/delta)? (\S+) @(-?[\d.]+)s(?: from (-?[\d.]+)s)?$/;
const ATTRIBUTE = /(@?[\w.]+)="([^"]*)"/g;

const KINDS: Readonly<Record<string, Pick<PointShape, 'kind' | 'isMonotonic'>>> = {
  gauge: { kind: 'gauge', isMonotonic: false },
  counter: { kind: 'sum', isMonotonic: true },
  updown: { kind: 'sum', isMonotonic: false },
  histogram: { kind: 'histogram' },
  exponential: { kind: 'exponential_histogram' },
};

/** Reads one line. */
export function pointOf(line: string): DataPoint {
  const [, name = '', attributeText = '', kind = '', delta, value = '', time = '', start = '0'] = LINE.exec(line) ?? [];
  if (name === '' || KINDS[kind] === undefined) throw new Error(`no point: ${line}`);
  const attributes: Record<string, AttributeValue> = {};
  const resource: Record<string, AttributeValue> = {};
  for (const [, key = '', text = ''] of attributeText.matchAll(ATTRIBUTE))
    if (key.startsWith('@')) resource[key.slice(1)] = text;
    else attributes[key] = text;
  const { 'service.name': service = 'shop', ...others } = resource;
  return dataPoint({
    ...KINDS[kind],
    name,
    service: String(service),
    resource: others,
    attributes,
    temporality: delta === undefined ? 'cumulative' : 'delta',
    timeMs: at(time),
    startMs: kind === 'gauge' ? 0 : at(start),
    hasNoValue: value === 'none',
    value: valueOf(value, kind),
  });
}

/** Writes a point as a line; its service, scope and unit are left out. */
export function lineOf(point: DataPoint): string {
  const { metric, attributes, value, startMs, timeMs, hasNoValue } = point;
  const pairs = [
    ...attributes.map(([key, each]) => `${key}="${valueText(each)}"`),
    ...metric.resource.attributes
      .filter(([key, each]) => key !== 'service.name' || each !== 'shop')
      .map(([key, each]) => `@${key}="${valueText(each)}"`),
  ];
  const labels = pairs.length === 0 ? '' : `{${pairs.join()}}`;
  const delta = metric.temporality === 'delta' ? '/delta' : '';
  const start = metric.kind === 'gauge' || startMs === at('0') ? '' : ` from ${seconds(startMs)}s`;
  return `${metric.name}${labels} ${kindOf(metric)}${delta} ${hasNoValue ? 'none' : textOf(value)} @${seconds(timeMs)}s${start}`;
}

function kindOf({ kind, isMonotonic }: Metric): string {
  if (kind === 'sum') return isMonotonic ? 'counter' : 'updown';
  return kind === 'exponential_histogram' ? 'exponential' : kind;
}

function valueOf(text: string, kind: string): PointValue {
  const [values = '', form = ''] = text.split('|');
  const numbers = values.split(';').map(Number);
  if (kind === 'histogram') return histogramOf(text === 'none' ? [] : numbers, form.split(';').map(Number));
  if (kind === 'exponential') return exponentialOf(text === 'none' ? [] : numbers, Number(form.slice(1)));
  return text === 'none' ? numberValue(0) : numberValue(Number(text), !text.includes('.'));
}

function textOf(value: PointValue): string {
  if (value.type === 'number')
    return value.isInteger || !Number.isInteger(value.value) ? String(value.value) : `${value.value}.0`;
  const sum = value.type === 'summary' ? value.sum : (value.sum ?? '?');
  if (value.type === 'histogram') return `${value.count}/${sum}[${value.counts.join()}]`;
  if (value.type === 'summary') return `${value.count}/${sum}`;
  const { offset, counts } = value.positive;
  return `${value.count}/${sum}s${value.scale}:${offset}[${counts.join()}]`;
}

function at(text: string): number {
  return POINTS_BEGAN_MS + Math.round(Number(text) * 1000);
}

function seconds(ms: number): number {
  return (ms - POINTS_BEGAN_MS) / 1000;
}
