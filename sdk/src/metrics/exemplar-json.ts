// Puts exemplars into a serialised OTLP/JSON request.
import type { Attributes, AttributeValue } from '@opentelemetry/api';
import { type PlacedExemplars, placeOf, type PointExemplar } from './exemplar-join.ts';

interface Points {
  readonly dataPoints?: { exemplars?: unknown }[];
}
type Metric = Readonly<Partial<Record<'gauge' | 'sum' | 'histogram' | 'exponentialHistogram', Points>>>;
interface Request {
  readonly resourceMetrics?: readonly { readonly scopeMetrics?: readonly { readonly metrics?: readonly Metric[] }[] }[];
}

/** @param request one resource's metrics, as the SDK's serializer writes them */
export function addToJson(request: Uint8Array, exemplars: PlacedExemplars): Uint8Array {
  const parsed = JSON.parse(new TextDecoder().decode(request)) as Request;
  parsed.resourceMetrics?.[0]?.scopeMetrics?.forEach(({ metrics }, s) => {
    metrics?.forEach(({ gauge, sum, histogram, exponentialHistogram }, m) => {
      const points = (gauge ?? sum ?? histogram ?? exponentialHistogram)?.dataPoints ?? [];
      points.forEach((point, p) => {
        const own = exemplars.get(placeOf(s, m, p));
        if (own !== undefined) point.exemplars = own.map(exemplarJson);
      });
    });
  });
  return new TextEncoder().encode(JSON.stringify(parsed));
}

function exemplarJson({ value, isInteger, timeMs, spanContext, filteredAttributes }: PointExemplar): unknown {
  return {
    timeUnixNano: String(BigInt(Math.round(timeMs)) * 1_000_000n),
    ...(isInteger ? { asInt: Math.trunc(value) } : { asDouble: value }),
    ...(spanContext && { traceId: spanContext.traceId, spanId: spanContext.spanId }),
    filteredAttributes: keyValues(filteredAttributes),
  };
}

function keyValues(attributes: Attributes): unknown[] {
  return Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: anyValue(value) }],
  );
}

function anyValue(value: AttributeValue | null | undefined): unknown {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number') return Number.isInteger(value) ? { intValue: value } : { doubleValue: value };
  return Array.isArray(value) ? { arrayValue: { values: value.map((each) => anyValue(each)) } } : {};
}
