// Writes data points as ExportMetricsServiceRequests.
// @see opentelemetry-proto, metrics/v1/metrics.proto, whose field numbers stand below
import type { DataPoint, Metric } from '../model/data-point.ts';
import { encodePoint } from './encode-points.ts';
import { writeAttributes } from './write-attributes.ts';
import { ProtobufWriter } from './writer.ts';

/** Largest request, before compression; receivers commonly refuse beyond 20 MiB, some beyond 4. */
const BODY_BYTES = 3 * 1024 * 1024;

/** Field of Metric by kind. */
const FIELDS = { gauge: 5, sum: 7, histogram: 9, exponential_histogram: 10, summary: 11 } as const;

/** A request and how many points are in it. */
export interface EncodedMetrics {
  readonly body: Uint8Array;
  readonly points: number;
}

/**
 * Encodes points, grouped by resource, scope and metric in the order in which each comes first.
 *
 * @returns requests in protobuf, each ended by the point with which it reaches 3 MiB; none for no points
 */
export function encodeMetrics(points: readonly DataPoint[]): EncodedMetrics[] {
  const requests: EncodedMetrics[] = [];
  let request = new RequestWriter();
  for (const { metric, points: ofMetric } of grouped(points)) {
    for (const point of ofMetric) {
      request.add(metric, point);
      if (request.sizeBytes < BODY_BYTES) continue;
      requests.push(request.finish());
      request = new RequestWriter();
    }
  }
  if (request.points > 0) requests.push(request.finish());
  return requests;
}

/** Points of equal metrics; the first says how they are described. */
interface Group {
  readonly metric: Metric;
  readonly points: DataPoint[];
}

function grouped(points: readonly DataPoint[]): Iterable<Group> {
  const groups = new Map<string, Group>();
  let last: Group | undefined;
  for (const point of points) {
    const { metric } = point;
    // Most come in order already.
    if (last?.metric !== metric) last = groupOf(groups, metric);
    last.points.push(point);
  }
  const byResource = Map.groupBy(groups.values(), ({ metric }) => metric.resource.key);
  return [...byResource.values()].flatMap((ofResource) =>
    [...Map.groupBy(ofResource, ({ metric }) => metric.scope.key).values()].flat(),
  );
}

function groupOf(groups: Map<string, Group>, metric: Metric): Group {
  let group = groups.get(metric.key);
  if (group === undefined) groups.set(metric.key, (group = { metric, points: [] }));
  return group;
}

/** One request: what encloses the point written last stays open, for the next may be enclosed by the same. */
class RequestWriter {
  readonly #out = new ProtobufWriter();
  #metric: Metric | undefined;
  /** Where messages that are open begin: of resource, scope, metric, and the data in it. */
  #starts = [0, 0, 0, 0];
  points = 0;

  get sizeBytes(): number {
    return this.#out.length;
  }

  add(metric: Metric, point: DataPoint): void {
    if (this.#metric !== metric) this.#open(metric);
    const out = this.#out;
    const start = out.open(1);
    encodePoint(out, point);
    out.close(start);
    this.points++;
  }

  finish(): EncodedMetrics {
    this.#close(0);
    return { body: this.#out.take(), points: this.points };
  }

  #open(metric: Metric): void {
    const known = this.#metric;
    const isResource = known?.resource.key === metric.resource.key;
    const isScope = isResource && known.scope.key === metric.scope.key;
    this.#close(isScope ? 2 : isResource ? 1 : 0);
    this.#metric = metric;
    const out = this.#out;
    const starts = this.#starts;
    if (!isResource) {
      starts[0] = out.open(1);
      const start = out.open(1);
      writeAttributes(out, 1, metric.resource.attributes);
      out.close(start);
    }
    if (!isScope) {
      starts[1] = out.open(2);
      writeScope(out, metric);
    }
    starts[2] = out.open(2);
    out.text(1, metric.name);
    if (metric.description !== '') out.text(2, metric.description);
    if (metric.unit !== '') out.text(3, metric.unit);
    starts[3] = out.open(FIELDS[metric.kind]);
  }

  /** Ends what is open from the innermost to a depth: 0 the resource, 1 the scope, 2 the metric. */
  #close(depth: number): void {
    const metric = this.#metric;
    if (metric === undefined) return;
    const out = this.#out;
    const [resource = 0, scope = 0, described = 0, data = 0] = this.#starts;
    writeShape(out, metric);
    out.close(data);
    writeAttributes(out, 12, metric.metadata);
    out.close(described);
    if (depth === 2) return;
    if (metric.scope.schemaUrl !== '') out.text(3, metric.scope.schemaUrl);
    out.close(scope);
    if (depth === 1) return;
    if (metric.resource.schemaUrl !== '') out.text(3, metric.resource.schemaUrl);
    out.close(resource);
  }
}

function writeScope(out: ProtobufWriter, { scope: { name, version, attributes } }: Metric): void {
  const start = out.open(1);
  if (name !== '') out.text(1, name);
  if (version !== '') out.text(2, version);
  writeAttributes(out, 3, attributes);
  out.close(start);
}

function writeShape(out: ProtobufWriter, { kind, temporality, isMonotonic }: Metric): void {
  if (kind === 'gauge' || kind === 'summary') return;
  out.uint32(2, temporality === 'delta' ? 1 : 2);
  if (kind === 'sum' && isMonotonic) out.uint32(3, 1);
}
