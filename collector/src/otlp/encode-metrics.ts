// Writes data points as ExportMetricsServiceRequests.
// @see opentelemetry-proto, metrics/v1/metrics.proto, whose field numbers stand below
import type { DataPoint, Metric, Resource, Scope } from '../model/data-point.ts';
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
 * @returns requests in protobuf of about 3 MiB each at most, where no single metric's points are larger; none for no points
 */
export function encodeMetrics(points: readonly DataPoint[]): EncodedMetrics[] {
  const requests: EncodedMetrics[] = [];
  const byResource = groupBy(points, ({ metric }) => metric.resource.key);
  let writer = new ProtobufWriter();
  let count = 0;
  for (const ofResource of byResource) {
    for (const ofScope of groupBy(ofResource, ({ metric }) => metric.scope.key)) {
      for (const piece of pieces(ofScope)) {
        writeResourceMetrics(writer, piece);
        count += piece.length;
        if (writer.length < BODY_BYTES) continue;
        requests.push({ body: writer.take(), points: count });
        writer = new ProtobufWriter();
        count = 0;
      }
    }
  }
  if (count > 0) requests.push({ body: writer.take(), points: count });
  return requests;
}

/** Points written between two looks at the size: some hundred kilobytes. */
const PIECE_POINTS = 2000;

function* pieces(points: readonly DataPoint[]): Generator<readonly DataPoint[]> {
  for (let from = 0; from < points.length; from += PIECE_POINTS) yield points.slice(from, from + PIECE_POINTS);
}

function groupBy(points: readonly DataPoint[], keyOf: (point: DataPoint) => string): Iterable<DataPoint[]> {
  return Map.groupBy(points, keyOf).values();
}

function writeResourceMetrics(out: ProtobufWriter, points: readonly DataPoint[]): void {
  const [first] = points;
  if (first === undefined) return;
  const { resource, scope } = first.metric;
  const start = out.open(1);
  writeResource(out, resource);
  const scopeStart = out.open(2);
  writeScope(out, scope);
  for (const ofMetric of groupBy(points, ({ metric }) => metric.key)) writeMetric(out, ofMetric);
  if (scope.schemaUrl !== '') out.text(3, scope.schemaUrl);
  out.close(scopeStart);
  if (resource.schemaUrl !== '') out.text(3, resource.schemaUrl);
  out.close(start);
}

function writeResource(out: ProtobufWriter, { attributes }: Resource): void {
  const start = out.open(1);
  writeAttributes(out, 1, attributes);
  out.close(start);
}

function writeScope(out: ProtobufWriter, { name, version, attributes }: Scope): void {
  const start = out.open(1);
  if (name !== '') out.text(1, name);
  if (version !== '') out.text(2, version);
  writeAttributes(out, 3, attributes);
  out.close(start);
}

function writeMetric(out: ProtobufWriter, points: readonly DataPoint[]): void {
  const [first] = points;
  if (first === undefined) return;
  const { metric } = first;
  const start = out.open(2);
  out.text(1, metric.name);
  if (metric.description !== '') out.text(2, metric.description);
  if (metric.unit !== '') out.text(3, metric.unit);
  const data = out.open(FIELDS[metric.kind]);
  for (const point of points) {
    const pointStart = out.open(1);
    encodePoint(out, point);
    out.close(pointStart);
  }
  writeShape(out, metric);
  out.close(data);
  writeAttributes(out, 12, metric.metadata);
  out.close(start);
}

function writeShape(out: ProtobufWriter, { kind, temporality, isMonotonic }: Metric): void {
  if (kind === 'gauge' || kind === 'summary') return;
  out.uint32(2, temporality === 'delta' ? 1 : 2);
  if (kind === 'sum' && isMonotonic) out.uint32(3, 1);
}
