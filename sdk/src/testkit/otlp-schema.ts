// The fields of OTLP that tests look at, by their numbers, as data. Named as in OTLP's JSON.
// @see opentelemetry-proto 1.10, opentelemetry/proto/{common,resource,trace,metrics,logs}/v1

/** How a field is written. Whole numbers of 64 bits become texts, bytes become hexadecimal digits, as in OTLP's JSON. */
export type FieldType =
  | 'text'
  | 'bytes'
  | 'bool'
  | 'whole'
  | 'zigzag'
  | 'fixed32'
  | 'fixed64'
  | 'sfixed64'
  | 'double'
  | Message;

/** A message: by number its fields, each with its name, what it holds, and whether there may be many. */
export interface Message {
  readonly [number: number]: readonly [name: string, type: FieldType, many?: 'many'];
}

type MutableMessage = { [number: number]: readonly [name: string, type: FieldType, many?: 'many'] };

/** Is filled below, since values hold values. */
const anyValue: MutableMessage = {};
const keyValue: Message = { 1: ['key', 'text'], 2: ['value', anyValue] };
const list: Message = { 1: ['values', anyValue, 'many'] };
const record: Message = { 1: ['values', keyValue, 'many'] };
Object.assign(anyValue, {
  1: ['stringValue', 'text'],
  2: ['boolValue', 'bool'],
  3: ['intValue', 'whole'],
  4: ['doubleValue', 'double'],
  5: ['arrayValue', list],
  6: ['kvlistValue', record],
  7: ['bytesValue', 'bytes'],
} satisfies Message);

const resource: Message = { 1: ['attributes', keyValue, 'many'] };
const scope: Message = { 1: ['name', 'text'], 2: ['version', 'text'], 3: ['attributes', keyValue, 'many'] };

const span: Message = {
  1: ['traceId', 'bytes'],
  2: ['spanId', 'bytes'],
  3: ['traceState', 'text'],
  4: ['parentSpanId', 'bytes'],
  5: ['name', 'text'],
  6: ['kind', 'whole'],
  7: ['startTimeUnixNano', 'fixed64'],
  8: ['endTimeUnixNano', 'fixed64'],
  9: ['attributes', keyValue, 'many'],
  11: ['events', { 1: ['timeUnixNano', 'fixed64'], 2: ['name', 'text'], 3: ['attributes', keyValue, 'many'] }, 'many'],
  13: ['links', { 1: ['traceId', 'bytes'], 2: ['spanId', 'bytes'], 4: ['attributes', keyValue, 'many'] }, 'many'],
  15: ['status', { 2: ['message', 'text'], 3: ['code', 'whole'] }],
};

const exemplar: Message = {
  3: ['asDouble', 'double'],
  4: ['spanId', 'bytes'],
  5: ['traceId', 'bytes'],
  6: ['asInt', 'sfixed64'],
};

const numberPoint: Message = {
  4: ['asDouble', 'double'],
  5: ['exemplars', exemplar, 'many'],
  6: ['asInt', 'sfixed64'],
  7: ['attributes', keyValue, 'many'],
};
const histogramPoint: Message = {
  4: ['count', 'fixed64'],
  5: ['sum', 'double'],
  8: ['exemplars', exemplar, 'many'],
  9: ['attributes', keyValue, 'many'],
  11: ['min', 'double'],
  12: ['max', 'double'],
};
const exponentialPoint: Message = {
  1: ['attributes', keyValue, 'many'],
  4: ['count', 'fixed64'],
  5: ['sum', 'double'],
  6: ['scale', 'zigzag'],
  11: ['exemplars', exemplar, 'many'],
  12: ['min', 'double'],
  13: ['max', 'double'],
};
const summaryPoint: Message = { 4: ['count', 'fixed64'], 5: ['sum', 'double'], 7: ['attributes', keyValue, 'many'] };

const metric: Message = {
  1: ['name', 'text'],
  3: ['unit', 'text'],
  5: ['gauge', { 1: ['dataPoints', numberPoint, 'many'] }],
  7: ['sum', { 1: ['dataPoints', numberPoint, 'many'] }],
  9: ['histogram', { 1: ['dataPoints', histogramPoint, 'many'] }],
  10: ['exponentialHistogram', { 1: ['dataPoints', exponentialPoint, 'many'] }],
  11: ['summary', { 1: ['dataPoints', summaryPoint, 'many'] }],
};

const logRecord: Message = {
  1: ['timeUnixNano', 'fixed64'],
  2: ['severityNumber', 'whole'],
  3: ['severityText', 'text'],
  5: ['body', anyValue],
  6: ['attributes', keyValue, 'many'],
  9: ['traceId', 'bytes'],
  10: ['spanId', 'bytes'],
  12: ['eventName', 'text'],
};

/** By signal, what a request holds. */
export const REQUESTS = {
  traces: requestOf('resourceSpans', 'scopeSpans', 'spans', span),
  metrics: requestOf('resourceMetrics', 'scopeMetrics', 'metrics', metric),
  logs: requestOf('resourceLogs', 'scopeLogs', 'logRecords', logRecord),
} as const;

function requestOf(byResource: string, byScope: string, items: string, item: Message): Message {
  const scoped: Message = { 1: ['scope', scope], 2: [items, item, 'many'] };
  return { 1: [byResource, { 1: ['resource', resource], 2: [byScope, scoped, 'many'] }, 'many'] };
}
