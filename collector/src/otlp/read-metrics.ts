// Walks through resources and scopes to the metrics of an ExportMetricsServiceRequest, and reads what describes each.
// @see opentelemetry-proto, metrics/v1/metrics.proto, whose field numbers stand below
import {
  type Metric,
  metricOf,
  type MetricKind,
  type Resource,
  resourceOf,
  type Scope,
  scopeOf,
} from '../model/data-point.ts';
import type { AttributeMemory } from './attribute-memory.ts';
import type { AroundPoint } from './decode-points.ts';
import type { MessageReader } from './message-reader.ts';
import { AttributeRuns } from './read-attributes.ts';

/** A message that holds the points of one metric. */
export interface PointsOfMetric {
  readonly around: AroundPoint;
  readonly data: MessageReader;
  /** False where another kind of points came after these, which then is what counts; they are read to find faults. */
  readonly isMeant: boolean;
}

/** Position in the body, and the points that begin there; undefined where there is nothing but progress. */
type Step = readonly [position: number, points: PointsOfMetric | undefined];

/** Answers each message that holds points, with what describes them. */
export function* metricsOf(request: MessageReader, memory: AttributeMemory): Generator<Step> {
  while (request.next()) {
    if (request.field !== 1) continue;
    const resourceMetrics = request.message();
    const resource = readResource(resourceMetrics.again(), memory);
    while (resourceMetrics.next()) {
      if (resourceMetrics.field !== 2) continue;
      const scopeMetrics = resourceMetrics.message();
      const scope = readScope(scopeMetrics.again(), memory);
      while (scopeMetrics.next()) {
        if (scopeMetrics.field !== 2) continue;
        yield* pointsOf({ resource, scope }, scopeMetrics.message(), memory);
        yield [scopeMetrics.end, undefined];
      }
      yield [resourceMetrics.end, undefined];
    }
    yield [request.end, undefined];
  }
}

/** What stands around may come after what it stands around, so it is read first. Undefined where it is too large. */
function readResource(message: MessageReader, memory: AttributeMemory): Resource | undefined {
  const attributes = new AttributeRuns(memory);
  let schemaUrl = '';
  while (message.next()) {
    if (message.field === 3) schemaUrl = message.text();
    if (message.field !== 1) continue;
    const resource = message.message();
    while (resource.next()) {
      if (resource.field === 1) attributes.add(resource);
      else if (resource.field === 2) resource.varint32();
      else if (resource.field === 3) skipEntity(resource.message());
    }
  }
  return attributes.isTooLarge ? undefined : resourceOf(attributes.joined(), schemaUrl);
}

/** Which of the attributes name an entity is not kept, but has to be well-formed. */
function skipEntity(entity: MessageReader): void {
  while (entity.next()) if (entity.field <= 4) entity.text();
}

function readScope(message: MessageReader, memory: AttributeMemory): Scope | undefined {
  let [name, version, schemaUrl] = ['', '', ''];
  const attributes = new AttributeRuns(memory);
  while (message.next()) {
    if (message.field === 3) schemaUrl = message.text();
    if (message.field !== 1) continue;
    const scope = message.message();
    while (scope.next()) {
      if (scope.field === 1) name = scope.text();
      else if (scope.field === 2) version = scope.text();
      else if (scope.field === 3) attributes.add(scope);
      else if (scope.field === 4) scope.varint32();
    }
  }
  if (attributes.isTooLarge) return undefined;
  return scopeOf({ name, version, attributes: attributes.joined(), schemaUrl });
}

/** Kinds by the field of Metric that holds their points. */
const KINDS: Readonly<Record<number, MetricKind>> = {
  5: 'gauge',
  7: 'sum',
  9: 'histogram',
  10: 'exponential_histogram',
  11: 'summary',
};

/** What a metric's message says, as its fields come. */
class MetricDraft {
  name = '';
  description = '';
  unit = '';
  readonly metadata: AttributeRuns;
  kind: MetricKind | undefined;
  /** Where points of this kind begin; what stands before is of kinds that another came after. */
  from = 0;
  temporality = 0;
  isMonotonic = false;

  constructor(memory: AttributeMemory) {
    this.metadata = new AttributeRuns(memory);
  }

  read(message: MessageReader): void {
    while (message.next()) {
      if (message.field === 1) this.name = message.text();
      else if (message.field === 2) this.description = message.text();
      else if (message.field === 3) this.unit = message.text();
      else if (message.field === 12) this.metadata.add(message);
      else {
        const kind = KINDS[message.field];
        if (kind !== undefined) this.#addPoints(kind, message);
      }
    }
  }

  #addPoints(kind: MetricKind, message: MessageReader): void {
    if (kind !== this.kind) {
      this.kind = kind;
      this.from = message.tagStart;
      this.temporality = 0;
      this.isMonotonic = false;
    }
    const data = message.message();
    if (kind === 'gauge' || kind === 'summary') return;
    while (data.next()) {
      if (data.field === 2) this.temporality = data.varint32();
      else if (data.field === 3 && kind === 'sum') this.isMonotonic = data.boolean();
    }
  }
}

interface Around {
  readonly resource: Resource | undefined;
  readonly scope: Scope | undefined;
}

/** Several messages of one kind are one to protobuf, and of several kinds the last is what counts. */
function* pointsOf(around: Around, message: MessageReader, memory: AttributeMemory): Generator<Step> {
  const draft = new MetricDraft(memory);
  draft.read(message.again());
  const metric = draft.kind === undefined ? undefined : describedBy(draft, draft.kind, around);
  while (message.next()) {
    const kind = KINDS[message.field];
    if (kind === undefined) continue;
    const isMeant = message.tagStart >= draft.from;
    const data = message.message();
    yield [data.start, { around: { kind, metric: isMeant ? metric : undefined }, data, isMeant }];
    yield [data.end, undefined];
  }
}

/** Undefined where no point of the metric can be meant. */
function describedBy(draft: MetricDraft, kind: MetricKind, { resource, scope }: Around): Metric | undefined {
  const { name, unit, description, metadata } = draft;
  if (resource === undefined || scope === undefined || name === '' || metadata.isTooLarge) return undefined;
  const described = { resource, scope, name, unit, description, kind, metadata: metadata.joined() };
  if (kind === 'gauge' || kind === 'summary')
    return metricOf({ ...described, temporality: 'cumulative', isMonotonic: false });
  if (draft.temporality !== 1 && draft.temporality !== 2) return undefined;
  const temporality = draft.temporality === 1 ? 'delta' : 'cumulative';
  return metricOf({ ...described, temporality, isMonotonic: kind !== 'sum' || draft.isMonotonic });
}
