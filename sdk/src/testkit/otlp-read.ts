// Turns OTLP, as its JSON has it, into what tests look at. Takes what senders get wrong as missing.
import type { TestExemplar, TestMetric, TestPoint } from './test-metric.ts';
import { KINDS, STATUSES, type TestAttributes, type TestSpan } from './test-span.ts';

/** A log record as tests look at it. */
export interface TestLog {
  readonly body: unknown;
  readonly severity: number;
  readonly severityText: string;
  readonly eventName: string;
  readonly attributes: TestAttributes;
  /** Empty without a span. */
  readonly traceId: string;
  readonly spanId: string;
  readonly resource: TestAttributes;
  readonly scope: string;
}

/** @param request an export of traces */
export function spansOf(request: unknown): TestSpan[] {
  return scoped(request, 'resourceSpans', 'scopeSpans', 'spans').map(({ item, resource, scope }) => {
    const [startNs, endNs] = [bigOf(fieldOf(item, 'startTimeUnixNano')), bigOf(fieldOf(item, 'endTimeUnixNano'))];
    const status = fieldOf(item, 'status');
    return {
      name: textOf(fieldOf(item, 'name')),
      traceId: textOf(fieldOf(item, 'traceId')).toLowerCase(),
      spanId: textOf(fieldOf(item, 'spanId')).toLowerCase(),
      parentSpanId: textOf(fieldOf(item, 'parentSpanId')).toLowerCase(),
      // OTLP counts kinds from one.
      kind: KINDS[numberOf(fieldOf(item, 'kind')) - 1] ?? 'internal',
      status: STATUSES[numberOf(fieldOf(status, 'code'))] ?? 'unset',
      statusMessage: textOf(fieldOf(status, 'message')),
      attributes: attributesOf(item),
      events: listOf(item, 'events').map((each) => ({
        name: textOf(fieldOf(each, 'name')),
        attributes: attributesOf(each),
      })),
      links: listOf(item, 'links').map((each) => ({
        traceId: textOf(fieldOf(each, 'traceId')).toLowerCase(),
        spanId: textOf(fieldOf(each, 'spanId')).toLowerCase(),
        attributes: attributesOf(each),
      })),
      durationMs: Number(endNs - startNs) / 1e6,
      traceState: textOf(fieldOf(item, 'traceState')),
      resource,
      scope: { name: textOf(fieldOf(scope, 'name')), version: textOf(fieldOf(scope, 'version')) },
    };
  });
}

/** @param request an export of metrics */
export function metricsOf(request: unknown): TestMetric[] {
  return scoped(request, 'resourceMetrics', 'scopeMetrics', 'metrics').flatMap(({ item, scope }) => {
    const type = METRIC_TYPES.find(([key]) => fieldOf(item, key) !== undefined);
    if (type === undefined) return [];
    const points = listOf(fieldOf(item, type[0]), 'dataPoints').map(pointOf);
    const [name, unit] = [textOf(fieldOf(item, 'name')), textOf(fieldOf(item, 'unit'))];
    return [{ name, unit, type: type[1], scope: textOf(fieldOf(scope, 'name')), points }];
  });
}

/** @param request an export of logs */
export function logsOf(request: unknown): TestLog[] {
  return scoped(request, 'resourceLogs', 'scopeLogs', 'logRecords').map(({ item, resource, scope }) => ({
    body: valueOf(fieldOf(item, 'body')),
    severity: numberOf(fieldOf(item, 'severityNumber')),
    severityText: textOf(fieldOf(item, 'severityText')),
    eventName: textOf(fieldOf(item, 'eventName')),
    attributes: attributesOf(item),
    traceId: textOf(fieldOf(item, 'traceId')).toLowerCase(),
    spanId: textOf(fieldOf(item, 'spanId')).toLowerCase(),
    resource,
    scope: textOf(fieldOf(scope, 'name')),
  }));
}

const METRIC_TYPES = [
  ['gauge', 'gauge'],
  ['sum', 'sum'],
  ['histogram', 'histogram'],
  ['exponentialHistogram', 'exponential_histogram'],
  ['summary', 'summary'],
] as const;

function pointOf(point: unknown): TestPoint {
  const shared = { attributes: attributesOf(point), exemplars: listOf(point, 'exemplars').map(exemplarOf) };
  if (fieldOf(point, 'count') === undefined) return { ...shared, value: measuredOf(point) };
  const [min, max] = [fieldOf(point, 'min'), fieldOf(point, 'max')];
  return {
    ...shared,
    value: numberOf(fieldOf(point, 'sum')),
    count: numberOf(fieldOf(point, 'count')),
    min: min === undefined ? undefined : numberOf(min),
    max: max === undefined ? undefined : numberOf(max),
  };
}

function exemplarOf(exemplar: unknown): TestExemplar {
  return {
    value: measuredOf(exemplar),
    traceId: textOf(fieldOf(exemplar, 'traceId')).toLowerCase(),
    spanId: textOf(fieldOf(exemplar, 'spanId')).toLowerCase(),
  };
}

function measuredOf(value: unknown): number {
  return numberOf(fieldOf(value, 'asDouble') ?? fieldOf(value, 'asInt'));
}

function scoped(
  request: unknown,
  byResource: string,
  byScope: string,
  items: string,
): { readonly item: unknown; readonly resource: TestAttributes; readonly scope: unknown }[] {
  return listOf(request, byResource).flatMap((one) => {
    const resource = attributesOf(fieldOf(one, 'resource'));
    return listOf(one, byScope).flatMap((group) =>
      listOf(group, items).map((item) => ({ item, resource, scope: fieldOf(group, 'scope') })),
    );
  });
}

function attributesOf(value: unknown): TestAttributes {
  const pairs = listOf(value, 'attributes').map((each) => [
    textOf(fieldOf(each, 'key')),
    valueOf(fieldOf(each, 'value')),
  ]);
  return Object.fromEntries(pairs) as TestAttributes;
}

function valueOf(value: unknown): unknown {
  const text = fieldOf(value, 'stringValue') ?? fieldOf(value, 'boolValue') ?? fieldOf(value, 'bytesValue');
  if (text !== undefined) return text;
  const [whole, real] = [fieldOf(value, 'intValue'), fieldOf(value, 'doubleValue')];
  if (whole !== undefined || real !== undefined) return numberOf(whole ?? real);
  const array = fieldOf(value, 'arrayValue');
  if (array !== undefined) return listOf(array, 'values').map(valueOf);
  const record = fieldOf(value, 'kvlistValue');
  return record === undefined ? undefined : attributesOf({ attributes: listOf(record, 'values') });
}

function fieldOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[key] : undefined;
}

function listOf(value: unknown, key: string): readonly unknown[] {
  const list = fieldOf(value, key);
  return Array.isArray(list) ? list : [];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** JSON writes 64 bits as texts. */
function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : typeof value === 'string' ? Number(value) : 0;
}

function bigOf(value: unknown): bigint {
  return (typeof value === 'string' && /^\d+$/.test(value)) || Number.isSafeInteger(value)
    ? BigInt(value as string)
    : 0n;
}
