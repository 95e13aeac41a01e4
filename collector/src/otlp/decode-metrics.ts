// Reads ExportMetricsServiceRequests into data points, a bounded number at a time.
import { type Attribute, type Attributes, canonical, NO_ATTRIBUTES } from '../model/attributes.ts';
import {
  type DataPoint,
  type Metric,
  type MetricKind,
  metricOf,
  type Resource,
  resourceOf,
  type Scope,
  scopeOf,
} from '../model/data-point.ts';
import { readPoint } from './decode-points.ts';
import { MessageReader } from './message-reader.ts';
import { readAttribute } from './read-attributes.ts';

/** Points handed on at once: as objects they take about twenty times their bytes. */
const BATCH_POINTS = 2000;

/** A larger body is read through before the first of its points is handed on, so that a fault at its end leaves no trace. */
const ONE_PASS_BYTES = 64 * 1024;

/** Decodes one request. */
export class MetricsDecoder {
  readonly #body: Uint8Array;
  readonly #nowMs: number;
  readonly #whole: readonly (readonly DataPoint[])[] | undefined;
  /** Points left out because they contradict themselves; final once all batches were taken. */
  rejected = 0;

  /**
   * @param body protobuf; may be given back once the last batch was taken
   * @param nowMs Unix milliseconds, for points without a time
   * @throws Malformed where any part of the body is
   */
  constructor(body: Uint8Array, nowMs: number) {
    this.#body = body;
    this.#nowMs = nowMs;
    if (body.length <= ONE_PASS_BYTES) this.#whole = [...this.#read()];
    else {
      for (const points of this.#read()) void points;
      this.rejected = 0;
    }
  }

  /** All points in their order, in batches of some thousand at most. To be walked once. */
  batches(): Iterable<readonly DataPoint[]> {
    return this.#whole ?? this.#read();
  }

  *#read(): Generator<readonly DataPoint[]> {
    let held: DataPoint[] = [];
    for (const [metric, message] of metricsOf(MessageReader.of(this.#body))) {
      for (const point of this.#points(metric, message)) {
        held.push(point);
        if (held.length < BATCH_POINTS) continue;
        yield held;
        held = [];
      }
    }
    if (held.length > 0) yield held;
  }

  *#points(metric: Metric | undefined, data: MessageReader): Generator<DataPoint> {
    while (data.next()) {
      if (data.field !== 1) continue;
      const point = metric === undefined ? undefined : readPoint(metric, data.message(), this.#nowMs);
      if (point === undefined) this.rejected++;
      else yield point;
    }
  }
}

/** Each metric that has points, with the message that holds them; undefined for one whose points cannot be meant. */
function* metricsOf(request: MessageReader): Generator<[Metric | undefined, MessageReader]> {
  while (request.next()) {
    if (request.field !== 1) continue;
    const resource = readResource(request.message());
    const resourceMetrics = request.message();
    while (resourceMetrics.next()) {
      if (resourceMetrics.field !== 2) continue;
      const scope = readScope(resourceMetrics.message());
      const scopeMetrics = resourceMetrics.message();
      while (scopeMetrics.next())
        if (scopeMetrics.field === 2) yield* describedMetric(resource, scope, scopeMetrics.message());
    }
  }
}

/** What stands around may come after what it stands around, so it is read first. */
function readResource(message: MessageReader): Resource {
  let attributes: Attributes = NO_ATTRIBUTES;
  let schemaUrl = '';
  while (message.next()) {
    if (message.field === 1) attributes = readAttributes(message.message(), 1);
    else if (message.field === 3) schemaUrl = message.text();
  }
  return resourceOf(attributes, schemaUrl);
}

function readScope(message: MessageReader): Scope {
  let [name, version, schemaUrl] = ['', '', ''];
  let attributes: Attributes = NO_ATTRIBUTES;
  while (message.next()) {
    if (message.field === 3) schemaUrl = message.text();
    if (message.field !== 1) continue;
    const scope = message.message();
    const found: Attribute[] = [];
    while (scope.next()) {
      if (scope.field === 1) name = scope.text();
      else if (scope.field === 2) version = scope.text();
      else if (scope.field === 3) found.push(readAttribute(scope.message()));
    }
    attributes = canonical(found);
  }
  return scopeOf({ name, version, attributes, schemaUrl });
}

function readAttributes(message: MessageReader, field: number): Attributes {
  const found: Attribute[] = [];
  while (message.next()) if (message.field === field) found.push(readAttribute(message.message()));
  return canonical(found);
}

/** Kinds by the field of Metric that holds their points. */
const KINDS: Readonly<Record<number, MetricKind>> = {
  5: 'gauge',
  7: 'sum',
  9: 'histogram',
  10: 'exponential_histogram',
  11: 'summary',
};

function* describedMetric(
  resource: Resource,
  scope: Scope,
  message: MessageReader,
): Generator<[Metric | undefined, MessageReader]> {
  let [name, description, unit] = ['', '', ''];
  const metadata: Attribute[] = [];
  let kind: MetricKind | undefined;
  let data: MessageReader | undefined;
  let shape: MessageReader | undefined;
  while (message.next()) {
    if (message.field === 1) name = message.text();
    else if (message.field === 2) description = message.text();
    else if (message.field === 3) unit = message.text();
    else if (message.field === 12) metadata.push(readAttribute(message.message()));
    else if (KINDS[message.field] !== undefined) {
      // One of several; the last counts, as protobuf has it.
      kind = KINDS[message.field];
      data = message.message();
      shape = message.message();
    }
  }
  if (kind === undefined || data === undefined || shape === undefined) return;
  const { temporality, isMonotonic } = readShape(shape);
  const needsTemporality = kind === 'sum' || kind === 'histogram' || kind === 'exponential_histogram';
  if (name === '' || (needsTemporality && temporality === undefined)) {
    yield [undefined, data];
    return;
  }
  const described = { resource, scope, name, unit, description, kind, metadata: canonical(metadata) };
  const isHistogram = needsTemporality && kind !== 'sum';
  yield [
    metricOf({
      ...described,
      temporality: needsTemporality ? (temporality ?? 'cumulative') : 'cumulative',
      isMonotonic: isHistogram || (kind === 'sum' && isMonotonic),
    }),
    data,
  ];
}

/** Of a sum or histogram; other kinds have no such fields. */
function readShape(data: MessageReader): { temporality: 'delta' | 'cumulative' | undefined; isMonotonic: boolean } {
  let stated = 0;
  let isMonotonic = false;
  while (data.next()) {
    if (data.tag === 0x10) stated = data.varint32();
    else if (data.tag === 0x18) isMonotonic = data.varint32() !== 0;
  }
  return { temporality: stated === 1 ? 'delta' : stated === 2 ? 'cumulative' : undefined, isMonotonic };
}
