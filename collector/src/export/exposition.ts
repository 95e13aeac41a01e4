// Writes metric families in the Prometheus text format 0.0.4 and in OpenMetrics 1.0, which differ in few lines.
// @see OpenTelemetry specification, Prometheus and OpenMetrics Compatibility
import type { Exemplar, MetricFamily, MetricPoint } from '../model/metric-family.ts';

export type ExpositionFormat = 'text' | 'openmetrics';

export const CONTENT_TYPES = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
} as const satisfies Record<ExpositionFormat, string>;

/** UCUM units as Prometheus spells them; annotations in braces have no spelling. */
const UNITS: Readonly<Record<string, string>> = {
  s: 'seconds',
  ms: 'milliseconds',
  By: 'bytes',
  '1': 'ratio',
  '%': 'percent',
};

/** Chooses a format by the Accept header: OpenMetrics only where it is asked for at least as much as anything else. */
export function negotiate(accept: string | undefined): ExpositionFormat {
  let best: { format: ExpositionFormat; quality: number } = { format: 'text', quality: 0 };
  for (const part of (accept ?? '').split(',')) {
    const [type = '', ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase());
    const weight = Number(parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? 1);
    const isOpenMetrics = type === 'application/openmetrics-text';
    if (!isOpenMetrics && type !== 'text/plain' && type !== '*/*') continue;
    if (weight > best.quality) best = { format: isOpenMetrics ? 'openmetrics' : 'text', quality: weight };
  }
  return best.format;
}

/** The Prometheus name of a metric: underscores, unit suffix, and `_total` for counters in the text format. */
export function prometheusName(family: Pick<MetricFamily, 'name' | 'unit'>): string {
  const name = family.name.replace(/[^a-zA-Z0-9_:]/g, '_').replace(/^(\d)/, '_$1');
  const unit = unitName(family.unit);
  return unit === '' || name.endsWith(`_${unit}`) ? name : `${name}_${unit}`;
}

function unitName(unit: string): string {
  return unit.startsWith('{') ? '' : (UNITS[unit] ?? unit.replace(/[^a-zA-Z0-9_]/g, '_'));
}

/**
 * Writes one family, a piece of text at a time, so that a large page need not hold up the event loop.
 *
 * @param hold answers true for a cumulative point that has to show 0 this once
 */
export function* writeFamily(
  family: MetricFamily,
  format: ExpositionFormat,
  hold: (series: string, point: MetricPoint) => boolean,
): Generator<string> {
  const name = prometheusName(family);
  const sample = family.kind === 'counter' ? `${name}_total` : name;
  const described = format === 'openmetrics' ? name : sample;
  let head = `# HELP ${described} ${escapeHelp(family.description, format)}\n# TYPE ${described} ${family.kind}\n`;
  const unit = unitName(family.unit);
  if (format === 'openmetrics' && unit !== '')
    head = `# TYPE ${name} ${family.kind}\n# UNIT ${name} ${unit}\n# HELP ${name} ${escapeHelp(family.description, format)}\n`;
  for (const point of family.points) {
    const labels = labelText(point.attributes);
    const isHeld = family.kind !== 'gauge' && hold(sample + labels, point);
    // What shows 0 has nothing to show an example of.
    const exemplar = format === 'openmetrics' && !isHeld ? point.exemplars?.at(-1) : undefined;
    yield (
      head +
        (point.histogram === undefined
          ? `${sample}${braced(labels)} ${number(isHeld ? 0 : (point.value ?? 0))}${exemplarText(exemplar)}\n`
          : histogram(name, labels, point.histogram, isHeld, exemplar))
    );
    head = '';
  }
}

function histogram(
  name: string,
  labels: string,
  value: NonNullable<MetricPoint['histogram']>,
  isHeld: boolean,
  exemplar: Exemplar | undefined,
): string {
  const place = exemplar === undefined ? -1 : bucketOf(value.bounds, exemplar.value);
  const comma = labels === '' ? '' : ',';
  let text = '';
  let cumulative = 0;
  value.counts.forEach((count, i) => {
    cumulative += count;
    const bound = i < value.bounds.length ? boundText(value.bounds[i] ?? 0) : '+Inf';
    text += `${name}_bucket{${labels}${comma}le="${bound}"} ${number(isHeld ? 0 : cumulative)}${exemplarText(i === place ? exemplar : undefined)}\n`;
  });
  text += `${name}_sum${braced(labels)} ${number(isHeld ? 0 : value.sum)}\n`;
  return `${text}${name}_count${braced(labels)} ${number(isHeld ? 0 : cumulative)}\n`;
}

function bucketOf(bounds: readonly number[], value: number): number {
  const place = bounds.findIndex((bound) => value <= bound);
  return place < 0 ? bounds.length : place;
}

/** @see OpenMetrics 1.0, exemplars */
function exemplarText(exemplar: Exemplar | undefined): string {
  if (exemplar === undefined) return '';
  const { traceId, spanId, value, timestampMs } = exemplar;
  return ` # {trace_id="${traceId}",span_id="${spanId}"} ${number(value)} ${(timestampMs / 1000).toFixed(3)}`;
}

/** `1.0` rather than `1`, the canonical form of OpenMetrics, in both formats: else a change of format makes new series. */
function boundText(bound: number): string {
  return Number.isInteger(bound) ? `${bound}.0` : String(bound);
}

function number(value: number): string {
  return Number.isFinite(value) ? String(value) : Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}

function braced(labels: string): string {
  return labels === '' ? '' : `{${labels}}`;
}

/** Keys that become one name share a label: two of a name, and Prometheus refuses the whole page. */
function labelText(attributes: MetricPoint['attributes']): string {
  const labels = new Map<string, string>();
  for (const key of Object.keys(attributes)) {
    const value = (attributes[key] ?? '').replace(/[\\"\n]/g, (c) => (c === '\n' ? '\\n' : `\\${c}`));
    const name = key.replace(/[^a-zA-Z0-9_]/g, '_').replace(/^(\d)/, '_$1');
    const known = labels.get(name);
    labels.set(name, known === undefined ? value : `${known};${value}`);
  }
  return [...labels].map(([name, value]) => `${name}="${value}"`).join(',');
}

function escapeHelp(text: string, format: ExpositionFormat): string {
  const escaped = text.replace(/\\/g, '\\\\').replace(/\n/g, '\\n');
  return format === 'openmetrics' ? escaped.replace(/"/g, '\\"') : escaped;
}
