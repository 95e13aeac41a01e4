// Data points as families: grouped by what becomes one metric for Prometheus, with the resource and the scope as labels.
// @see OpenTelemetry specification, Prometheus and OpenMetrics Compatibility
import { type Attribute, attributeOf, type AttributeValue, valueText } from '../model/attributes.ts';
import type { DataPoint, Metric, PointExemplar, Resource, Scope } from '../model/data-point.ts';
import { OWN_SCOPE } from '../model/family-points.ts';
import type { Exemplar, MetricFamily, MetricPoint } from '../model/metric-family.ts';

/** Of a resource, what names it in labels; the rest is in `target_info`. */
const IDENTITY = new Set(['service.name', 'service.namespace', 'service.instance.id']);

/**
 * Groups points into families by name, unit and kind, in the order in which each comes first.
 *
 * @param points cumulative ones and gauges, one of a series
 * @param own resource of this sidecar, whose series have no `job` and `instance`: who scrapes or pushes names it
 */
export function familiesOf(points: Iterable<DataPoint>, own: Resource): MetricFamily[] {
  const families = new Map<string, MetricFamily & { points: MetricPoint[] }>();
  for (const point of points) {
    const described = familyOf(point.metric);
    const key = `${described.kind} ${described.unit} ${described.name}`;
    let family = families.get(key);
    if (family === undefined) families.set(key, (family = { ...described, points: [] }));
    family.points.push(pointOf(point, own));
  }
  return [...families.values()];
}

/** What a metric is as a family. */
export function familyOf(metric: Metric): Omit<MetricFamily, 'points'> {
  const { name, unit, description } = metric;
  return { name, unit, description, kind: familyKind(metric) };
}

/** What came from Prometheus says in its metadata what it was there, where OpenTelemetry has no such kind. */
function familyKind({ kind, isMonotonic, metadata }: Metric): MetricFamily['kind'] {
  const was = metadata.length === 0 ? undefined : attributeOf(metadata, 'prometheus.type');
  if (kind === 'gauge') return was === 'unknown' ? 'unknown' : 'gauge';
  if (kind !== 'sum') return kind === 'exponential_histogram' ? 'histogram' : kind;
  if (isMonotonic) return 'counter';
  return was === 'info' ? 'info' : 'gauge';
}

/**
 * The family `target`, in which each source tells what it is beside its name; nothing where none does.
 *
 * @see OpenTelemetry specification, Prometheus and OpenMetrics Compatibility, Resource Attributes
 */
export function* targetFamily(resources: Iterable<Resource>, own: Resource): Generator<MetricFamily> {
  // One of each source, or a join by `job` and `instance` finds two; of several the newest speaks.
  const points = new Map<string, MetricPoint>();
  for (const resource of resources) {
    const told = resource.key === own.key ? undefined : targetInfo(resource);
    if (told === undefined) continue;
    const target = targetLabels(resource);
    points.set(JSON.stringify(target), { attributes: { ...told, ...target }, value: 1 });
  }
  if (points.size === 0) return;
  const description = 'What is known of each source.';
  yield { name: 'target', unit: '', description, kind: 'info', points: [...points.values()] };
}

/** A point of a family. @param own see `familiesOf` */
export function pointOf(point: DataPoint, own: Resource): MetricPoint {
  const { metric, value, startMs, timeMs, exemplars } = point;
  const attributes = noLabels();
  for (const [key, each] of point.attributes) attributes[key] = valueText(each);
  // What the sidecar makes has no scope on the page, whether it is collected there or was handed on as points.
  if (metric.scope.key !== OWN_SCOPE.key) Object.assign(attributes, scopeLabels(metric.scope));
  if (metric.resource.key !== own.key) Object.assign(attributes, targetLabels(metric.resource));
  return {
    attributes,
    ...valueOf(value),
    timeMs,
    ...(startMs > 0 ? { createdMs: startMs } : {}),
    ...(exemplars.length > 0 ? { exemplars: exemplars.map(exemplarOf) } : {}),
  };
}

function valueOf(value: DataPoint['value']): Pick<MetricPoint, 'value' | 'histogram' | 'exponential' | 'summary'> {
  if (value.type === 'number') return { value: value.value };
  if (value.type === 'summary') return { summary: value };
  if (value.type === 'exponential_histogram') return { exponential: value };
  const { bounds, counts, count, sum = NaN } = value;
  // One that only counts and sums has one bucket, which holds all.
  return { histogram: { bounds, counts: counts.length === 0 ? [count] : counts, sum } };
}

/** `job` and `instance`, which tell targets apart. */
export function targetLabels({ attributes }: Resource): Record<string, string> {
  const text = (key: string): string => textOf(attributeOf(attributes, key));
  const namespace = text('service.namespace');
  const job = namespace === '' ? text('service.name') : `${namespace}/${text('service.name')}`;
  const instance = text('service.instance.id');
  return { ...(job === '' ? {} : { job }), ...(instance === '' ? {} : { instance }) };
}

/** What `target_info` says of a resource beside its identity; undefined where that is nothing. */
export function targetInfo({ attributes }: Resource): Record<string, string> | undefined {
  const told = attributes.filter(([key]) => !IDENTITY.has(key));
  return told.length === 0 ? undefined : labels(told);
}

function scopeLabels({ name, version, schemaUrl, attributes }: Scope): Record<string, string> {
  const own = noLabels();
  if (name !== '') own['otel_scope_name'] = name;
  if (version !== '') own['otel_scope_version'] = version;
  if (schemaUrl !== '') own['otel_scope_schema_url'] = schemaUrl;
  for (const [key, value] of attributes) own[`otel_scope_${key}`] = valueText(value);
  return own;
}

/** Without a prototype: whoever sends may call a label as what an object has of its own. */
function noLabels(): Record<string, string> {
  return Object.create(null) as Record<string, string>;
}

function labels(attributes: readonly Attribute[]): Record<string, string> {
  return Object.fromEntries(attributes.map(([key, value]) => [key, valueText(value)]));
}

function textOf(value: AttributeValue | undefined): string {
  return value === undefined ? '' : valueText(value);
}

function exemplarOf({ traceId, spanId, value, timeMs, attributes }: PointExemplar): Exemplar {
  return { traceId, spanId, value, timestampMs: timeMs, attributes: labels(attributes) };
}
