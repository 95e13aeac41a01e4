// Where attributes, values and texts stand in OTLP requests: the one table both wire formats are walked by.

/** What a field holds, as far as redaction cares. */
export type Place =
  | { readonly kind: 'message'; readonly name: string; readonly message: Places }
  /** A KeyValue. */
  | { readonly kind: 'attribute'; readonly name: string }
  /** An AnyValue. */
  | { readonly kind: 'value'; readonly name: string }
  | { readonly kind: 'text'; readonly name: string };

/** A message: its fields by number, with their names in JSON. Fields that are not listed are passed on as they are. */
export interface Places {
  readonly byNumber: ReadonlyMap<number, Place>;
  readonly byName: ReadonlyMap<string, Place>;
}

type Field = readonly [number: number, name: string, what: Places | 'attribute' | 'value' | 'text'];

function message(...fields: readonly Field[]): Places {
  const byNumber = new Map<number, Place>();
  const byName = new Map<string, Place>();
  for (const [number, name, what] of fields) {
    const place: Place = typeof what === 'string' ? { kind: what, name } : { kind: 'message', name, message: what };
    byNumber.set(number, place);
    byName.set(name, place);
  }
  return { byNumber, byName };
}

const resource = message([1, 'attributes', 'attribute']);
const scope = message([3, 'attributes', 'attribute']);

const event = message([2, 'name', 'text'], [3, 'attributes', 'attribute']);
const link = message([4, 'attributes', 'attribute']);
const status = message([2, 'message', 'text']);
const span = message(
  [5, 'name', 'text'],
  [9, 'attributes', 'attribute'],
  [11, 'events', event],
  [13, 'links', link],
  [15, 'status', status],
);
const scopeSpans = message([1, 'scope', scope], [2, 'spans', span]);
const resourceSpans = message([1, 'resource', resource], [2, 'scopeSpans', scopeSpans]);

const exemplar = message([7, 'filteredAttributes', 'attribute']);
const numberPoint = message([5, 'exemplars', exemplar], [7, 'attributes', 'attribute']);
const histogramPoint = message([8, 'exemplars', exemplar], [9, 'attributes', 'attribute']);
const exponentialPoint = message([1, 'attributes', 'attribute'], [11, 'exemplars', exemplar]);
const summaryPoint = message([7, 'attributes', 'attribute']);
const metric = message(
  [5, 'gauge', message([1, 'dataPoints', numberPoint])],
  [7, 'sum', message([1, 'dataPoints', numberPoint])],
  [9, 'histogram', message([1, 'dataPoints', histogramPoint])],
  [10, 'exponentialHistogram', message([1, 'dataPoints', exponentialPoint])],
  [11, 'summary', message([1, 'dataPoints', summaryPoint])],
  [12, 'metadata', 'attribute'],
);
const scopeMetrics = message([1, 'scope', scope], [2, 'metrics', metric]);
const resourceMetrics = message([1, 'resource', resource], [2, 'scopeMetrics', scopeMetrics]);

const logRecord = message([5, 'body', 'value'], [6, 'attributes', 'attribute'], [12, 'eventName', 'text']);
const scopeLogs = message([1, 'scope', scope], [2, 'logRecords', logRecord]);
const resourceLogs = message([1, 'resource', resource], [2, 'scopeLogs', scopeLogs]);

/** The request of each signal. @see opentelemetry-proto 1.10, collector and data messages */
export const REQUESTS = {
  traces: message([1, 'resourceSpans', resourceSpans]),
  metrics: message([1, 'resourceMetrics', resourceMetrics]),
  logs: message([1, 'resourceLogs', resourceLogs]),
} as const;
