// Random but reproducible traces, as plain objects (the truth of a test) and as OTLP bodies, protobuf and JSON.
import { Request7 } from './otlp-schema.ts';
import { pick, oneOf, type Random, randomBytes, seeded } from './random.ts';
import { enrich } from './rich-traffic.ts';

export interface TestAttribute {
  key: string;
  value: Record<string, unknown>;
}

/** What stands around spans; resource attributes beside service.name are its own. */
export interface TestSource {
  key: string;
  resourceAttributes: TestAttribute[];
  resourceUrl?: string;
  scope?: { name?: string; version?: string; attributes?: TestAttribute[]; droppedAttributesCount?: number };
  scopeUrl?: string;
}

/** One span as a test states it; times in nanoseconds. */
export interface TestSpan {
  service: string;
  traceId: Buffer;
  spanId: Buffer;
  parentSpanId: Buffer;
  traceState?: string;
  name: string;
  kind: number;
  startNs: bigint;
  endNs: bigint;
  statusCode: number;
  attributes: TestAttribute[];
  source?: TestSource;
  /** Further fields of the span, as protobufjs takes them: events, links, flags, counts, status. */
  more?: Record<string, unknown>;
}

export interface TrafficShape {
  readonly seed: number;
  readonly traces: number;
  readonly services?: number;
  readonly operations?: number;
  readonly maxSpans?: number;
  readonly errorRatio?: number;
  /** Share of traces whose root takes more than one second. */
  readonly slowRatio?: number;
  readonly attributes?: number;
  /** `mixed` has every scalar type and some text that is not ASCII; `http` is what HTTP and database instrumentations send. */
  readonly attributeSet?: 'mixed' | 'http';
  /** Every operation belongs to one service, has one kind and a typical duration, as in real programs: fewer series. */
  readonly steady?: boolean;
  /** Everything OTLP allows: events, links, nested attributes, tracestates, odd times, sources with scopes and urls. */
  readonly rich?: boolean;
  readonly startNs?: bigint;
}

const DEFAULT_START_NS = 1_800_000_000_000_000_000n;

/** Makes traces of 1..maxSpans spans, each trace over up to three services. */
export function traffic(shape: TrafficShape): TestSpan[][] {
  const random = seeded(shape.seed);
  const traces: TestSpan[][] = [];
  for (let t = 0; t < shape.traces; t++) traces.push(trace(random, shape, t));
  return traces;
}

function trace(random: Random, shape: TrafficShape, index: number): TestSpan[] {
  const { services = 5, operations = 40, maxSpans = 40, errorRatio = 0.01, slowRatio = 0.02 } = shape;
  const isSteady = shape.steady === true;
  const traceId = randomBytes(random, 16);
  const spans: TestSpan[] = [];
  const count = 1 + pick(random, maxSpans);
  const isSlow = random() < slowRatio;
  const startNs = (shape.startNs ?? DEFAULT_START_NS) + BigInt(index) * 1_000_000n;
  for (let s = 0; s < count; s++) {
    const parent = s === 0 ? undefined : spans[pick(random, s)];
    const operation = pick(random, operations);
    const isLong = s === 0 && isSlow;
    const durationNs = isLong ? 1_000_000_001n + BigInt(pick(random, 1e9)) : durationOf(random, isSteady, operation);
    const spanStart = startNs + BigInt(pick(random, 1_000_000));
    const attributeOf = shape.attributeSet === 'http' ? httpAttribute : attribute;
    spans.push({
      service: `service-${(operation + (isSteady ? 0 : pick(random, 3))) % services}`,
      traceId,
      spanId: randomBytes(random, 8),
      parentSpanId: parent?.spanId ?? Buffer.alloc(0),
      name: `operation ${operation}`,
      kind: s === 0 ? 2 : 1 + (isSteady ? operation % 4 : pick(random, 5)),
      startNs: spanStart,
      endNs: spanStart + durationNs,
      statusCode: random() < errorRatio ? 2 : pick(random, 2),
      attributes: Array.from({ length: shape.attributes ?? 13 }, (_, i) => attributeOf(random, i)),
    });
  }
  if (shape.rich === true) enrich(random, spans);
  return spans;
}

/** Anything from nothing to 0.1 s; steady operations stay within a factor of four of their own typical duration. */
function durationOf(random: Random, isSteady: boolean, operation: number): bigint {
  if (!isSteady) return BigInt(pick(random, 10 ** (1 + pick(random, 8))));
  const typicalNs = 50_000 * 1.2 ** operation;
  return BigInt(Math.round(typicalNs * 2 ** (random() + random() + random() + random() - 2)));
}

const HTTP_ATTRIBUTES: readonly ((random: Random) => TestAttribute)[] = [
  (random) => text('http.request.method', oneOf(random, ['GET', 'POST', 'PUT', 'DELETE'])),
  (random) => text('url.path', `/api/v2/tenants/${pick(random, 1000)}/orders/${pick(random, 1e6)}`),
  (random) => ({
    key: 'http.response.status_code',
    value: { intValue: oneOf(random, [200, 200, 201, 204, 404, 500]) },
  }),
  (random) => text('server.address', `orders-${pick(random, 8)}.shop.svc.cluster.local`),
  () => ({ key: 'server.port', value: { intValue: 8443 } }),
  (random) => text('http.route', `/api/v2/tenants/{tenant}/orders/{order}/part-${pick(random, 9)}`),
  () => text('user_agent.original', 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36'),
  () => text('network.protocol.version', '1.1'),
  (random) => text('client.address', `10.${pick(random, 256)}.${pick(random, 256)}.${pick(random, 256)}`),
  (random) => ({ key: 'app.cart.total', value: { doubleValue: random() * 1000 } }),
  (random) => ({ key: 'app.cache.hit', value: { boolValue: random() < 0.5 } }),
  (random) => text('db.query.text', `SELECT * FROM orders WHERE tenant = $1 LIMIT ${pick(random, 100)}`),
  (random) => text('enduser.name', random() < 0.05 ? 'Jörg Müller' : `user-${pick(random, 10_000)}`),
];

function httpAttribute(random: Random, i: number): TestAttribute {
  const make = HTTP_ATTRIBUTES[i % HTTP_ATTRIBUTES.length];
  return make === undefined ? attribute(random, i) : make(random);
}

function text(key: string, value: string): TestAttribute {
  return { key, value: { stringValue: value } };
}

function attribute(random: Random, i: number): TestAttribute {
  switch (i % 6) {
    case 0:
      return {
        key: `http.request.attribute.${i}`,
        value: { stringValue: `value-${pick(random, 1000)}-of-some-length` },
      };
    case 1:
      return { key: `count.${i}`, value: { intValue: pick(random, 1e6) } };
    case 2:
      return { key: `flag.${i}`, value: { boolValue: random() < 0.5 } };
    case 3:
      return { key: `ratio.${i}`, value: { doubleValue: random() } };
    case 4:
      return {
        key: `text.${i}`,
        value: { stringValue: oneOf(random, ['grün', '日本', 'plain', 'longer plain ascii text']) },
      };
    default:
      return { key: `path.${i}`, value: { stringValue: `/api/v1/resource/${pick(random, 100)}` } };
  }
}

/** A plain-object ExportTraceServiceRequest with one ResourceSpans a service and source. */
export function requestOf(spans: readonly TestSpan[]): Record<string, unknown> {
  const bySource = new Map<string, TestSpan[]>();
  for (const span of spans) {
    const key = `${span.service}|${span.source?.key}`;
    const known = bySource.get(key);
    if (known === undefined) bySource.set(key, [span]);
    else known.push(span);
  }
  return { resourceSpans: [...bySource.values()].map(resourceSpansOf) };
}

const PLAIN_SOURCE: TestSource = {
  key: 'plain',
  resourceAttributes: [{ key: 'telemetry.sdk.language', value: { stringValue: 'nodejs' } }],
  scope: { name: 'tests', version: '1' },
};

function resourceSpansOf(spans: readonly TestSpan[]): Record<string, unknown> {
  const { service = '', source = PLAIN_SOURCE } = spans[0] ?? {};
  const own = service === '' ? [] : [{ key: 'service.name', value: { stringValue: service } }];
  return {
    resource: { attributes: [...own, ...source.resourceAttributes] },
    ...(source.resourceUrl === undefined ? {} : { schemaUrl: source.resourceUrl }),
    scopeSpans: [
      {
        ...(source.scope === undefined ? {} : { scope: source.scope }),
        ...(source.scopeUrl === undefined ? {} : { schemaUrl: source.scopeUrl }),
        spans: spans.map(spanObject),
      },
    ],
  };
}

function spanObject(span: TestSpan): Record<string, unknown> {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    ...(span.traceState === undefined ? {} : { traceState: span.traceState }),
    ...(span.parentSpanId.length > 0 ? { parentSpanId: span.parentSpanId } : {}),
    flags: 257,
    name: span.name,
    kind: span.kind,
    startTimeUnixNano: span.startNs.toString(),
    endTimeUnixNano: span.endNs.toString(),
    attributes: span.attributes,
    status: span.statusCode === 0 ? {} : { code: span.statusCode },
    ...span.more,
  };
}

/** OTLP protobuf bytes of spans, in the canonical layout. */
export function bodyOf(spans: readonly TestSpan[]): Uint8Array {
  return Request7.encode(Request7.fromObject(requestOf(spans))).finish();
}

/** Splits traffic into bodies of `size` spans, traces interleaved a little, as exporters do. */
export function bodiesOf(traces: readonly TestSpan[][], size: number): Uint8Array[] {
  const all = traces.flat();
  const bodies: Uint8Array[] = [];
  for (let i = 0; i < all.length; i += size) bodies.push(bodyOf(all.slice(i, i + size)));
  return bodies;
}

/** The same request as `bodyOf`, in OTLP/JSON: ids in hexadecimal, 64-bit numbers as text, bytes in base64. */
export function jsonBodyOf(spans: readonly TestSpan[]): Buffer {
  return Buffer.from(JSON.stringify(jsonValue('', requestOf(spans))));
}

const HEX_KEYS = new Set(['traceId', 'spanId', 'parentSpanId']);

function jsonValue(key: string, value: unknown): unknown {
  if (Buffer.isBuffer(value)) return value.toString(HEX_KEYS.has(key) ? 'hex' : 'base64');
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (key === 'intValue' || typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return value.map((item) => jsonValue(key, item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, jsonValue(name, item)]));
}

/** Where the trace ids stand in a body made by `bodyOf`, so that a resend can be given new ones in place. */
export function traceIdPlaces(body: Uint8Array): number[] {
  const places: number[] = [];
  // Fields 1, 2 and 2 lead from the request to its spans; a span begins with its trace id.
  const walk = (start: number, end: number, path: readonly number[]): void => {
    for (let p = start; p < end;) {
      const tag = body[p++];
      let length = 0;
      for (let shift = 0; ; shift += 7) {
        const byte = body[p++] ?? 0;
        length |= (byte & 127) << shift;
        if (byte < 128) break;
      }
      const [next, ...rest] = path;
      if (next === undefined) places.push(p);
      else if (tag === next) walk(p, p + length, rest);
      if (next === undefined) return;
      p += length;
    }
  };
  walk(0, body.length, [0x0a, 0x12, 0x12]);
  return places;
}
