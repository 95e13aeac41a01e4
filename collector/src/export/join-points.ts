// Two points that became one series by their labels, as one: counts are added, of levels the newest stays.
import { mergeExponential } from '../model/exponential-merge.ts';
import type { ClassicHistogram, MetricFamily, MetricPoint } from '../model/metric-family.ts';

/** Joins two points; what cannot be added, as histograms with other bounds, gives way to the newest. */
export function joinPoints(kind: MetricFamily['kind'], a: MetricPoint, b: MetricPoint): MetricPoint {
  const newest = (b.timeMs ?? Infinity) >= (a.timeMs ?? Infinity) ? b : a;
  const sum = sumOf(kind, a, b);
  if (sum === undefined) return newest;
  const exemplars = [...(a.exemplars ?? []), ...(b.exemplars ?? [])].sort((x, y) => x.timestampMs - y.timestampMs);
  return {
    attributes: newest.attributes,
    ...sum,
    ...(newest.timeMs === undefined ? {} : { timeMs: newest.timeMs }),
    // The sum counts since the first of both began: what the second brings is an increment of it.
    ...earliest('startMs', a, b),
    ...earliest('createdMs', a, b),
    ...(exemplars.length > 0 ? { exemplars } : {}),
  };
}

type Sum = Pick<MetricPoint, 'value' | 'histogram' | 'exponential'>;

function sumOf(kind: MetricFamily['kind'], a: MetricPoint, b: MetricPoint): Sum | undefined {
  if (kind === 'counter') return { value: (a.value ?? 0) + (b.value ?? 0) };
  if (kind !== 'histogram') return undefined;
  const histogram = a.histogram && b.histogram && sumOfHistograms(a.histogram, b.histogram);
  const exponential = a.exponential && b.exponential && mergeExponential(a.exponential, b.exponential);
  if (histogram === undefined && exponential === undefined) return undefined;
  return { ...(histogram && { histogram }), ...(exponential && { exponential }) };
}

function sumOfHistograms(a: ClassicHistogram, b: ClassicHistogram): ClassicHistogram | undefined {
  if (a.counts.length !== b.counts.length || a.bounds.some((bound, i) => bound !== b.bounds[i])) return undefined;
  return { bounds: a.bounds, counts: a.counts.map((count, i) => count + (b.counts[i] ?? 0)), sum: a.sum + b.sum };
}

function earliest(
  key: 'startMs' | 'createdMs',
  { [key]: first }: MetricPoint,
  { [key]: second }: MetricPoint,
): Pick<MetricPoint, 'startMs' | 'createdMs'> {
  return first === undefined || second === undefined ? {} : { [key]: Math.min(first, second) };
}
