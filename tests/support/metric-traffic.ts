// Random but reproducible requests of metrics, as plain objects that protobufjs takes, in protobuf and in OTLP/JSON.
import { MetricsRequest8 } from './otlp-metrics-schema.ts';
import { oneOf, pick, type Random, randomBytes } from './random.ts';
import { isPackable, knownWireType, parseMessage, varintBytes, type WireField, writeMessage } from './wire-tree.ts';

export type PlainRequest = Record<string, unknown>;
type Plain = Record<string, unknown>;

/**
 * A request with metrics of every kind; few of its points contradict themselves.
 *
 * @param most resources of a request, scopes of a resource, metrics of a scope, points of a metric
 */
export function metricRequest(random: Random, most = 3): PlainRequest {
  return { resourceMetrics: several(random, most, () => resourceMetrics(random, most)) };
}

/** In protobuf, as any SDK writes it. */
export function metricsBody(request: PlainRequest): Buffer {
  return Buffer.from(MetricsRequest8.encode(MetricsRequest8.fromObject(request)).finish());
}

function several<T>(random: Random, most: number, make: (index: number) => T): T[] {
  const length = random() < 0.15 ? 0 : 1 + pick(random, most);
  return Array.from({ length }, (_, i) => make(i));
}

function maybe(random: Random, fields: Plain, share = 0.6): Plain {
  return random() < share ? fields : {};
}

function resourceMetrics(random: Random, most: number): Plain {
  return {
    ...maybe(random, { resource: { attributes: attributes(random), ...maybe(random, entity(random), 0.2) } }, 0.9),
    ...maybe(random, { schemaUrl: oneOf(random, ['', 'https://example.com/1', 'https://example.com/2']) }),
    scopeMetrics: several(random, most, () => ({
      ...maybe(random, {
        scope: { name: oneOf(random, ['', 'a', 'b']), version: '1', attributes: attributes(random) },
      }),
      ...maybe(random, { schemaUrl: 'https://example.com/3' }, 0.3),
      metrics: several(random, most, () => metric(random, most)),
    })),
  };
}

function entity(random: Random): Plain {
  return { droppedAttributesCount: pick(random, 9), entityRefs: [{ type: 'service', idKeys: ['service.name'] }] };
}

function metric(random: Random, most: number): Plain {
  const temporality = { aggregationTemporality: random() < 0.05 ? pick(random, 4) : 1 + pick(random, 2) };
  const kinds: Record<string, () => Plain> = {
    gauge: () => ({ dataPoints: several(random, most, () => numberPoint(random)) }),
    sum: () => {
      const shape = { ...temporality, ...maybe(random, { isMonotonic: true }) };
      return { dataPoints: several(random, most, () => numberPoint(random)), ...shape };
    },
    histogram: () => ({ dataPoints: several(random, most, () => histogramPoint(random)), ...temporality }),
    exponentialHistogram: () => ({ dataPoints: several(random, most, () => exponentialPoint(random)), ...temporality }),
    summary: () => ({ dataPoints: several(random, most, () => summaryPoint(random)) }),
  };
  const kind = oneOf(random, Object.keys(kinds));
  return {
    name: random() < 0.03 ? '' : oneOf(random, ['requests', 'größe', 'http.server.request.duration', 'x'.repeat(140)]),
    ...maybe(random, { description: oneOf(random, ['what it is', 'anders']), unit: oneOf(random, ['s', '{x}', '']) }),
    ...(random() < 0.03 ? {} : { [kind]: kinds[kind]?.() }),
    ...maybe(random, { metadata: attributes(random) }, 0.2),
  };
}

function point(random: Random): Plain {
  return {
    ...maybe(random, { startTimeUnixNano: time(random) }),
    ...maybe(random, { timeUnixNano: time(random) }, 0.95),
    ...maybe(random, { attributes: attributes(random) }, 0.9),
    ...maybe(random, { flags: oneOf(random, [0, 1, 2, 3, 2 ** 31 + 1]) }, 0.1),
  };
}

function time(random: Random): string {
  const now = 1_800_000_000_000_000_000n + BigInt(pick(random, 2 ** 50));
  return String(random() < 0.9 ? now : oneOf(random, [0n, 1n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n]));
}

function withExemplars(random: Random): Plain {
  return maybe(random, { exemplars: several(random, 3, () => exemplar(random)) }, 0.3);
}

function exemplar(random: Random): Plain {
  return {
    ...(random() < 0.05 ? {} : numberOf(random)),
    ...maybe(random, { timeUnixNano: time(random) }, 0.9),
    ...maybe(random, { traceId: id(random, 16), spanId: id(random, 8) }, 0.8),
    ...maybe(random, { filteredAttributes: attributes(random) }),
  };
}

function id(random: Random, length: number): Buffer {
  return random() < 0.1 ? Buffer.alloc(oneOf(random, [0, 3, length])) : randomBytes(random, length);
}

function numberOf(random: Random): Plain {
  if (random() < 0.5) return { asInt: integer(random) };
  return { asDouble: double(random) };
}

function integer(random: Random): string {
  const small = BigInt(pick(random, 2 ** 30)) - 5n;
  return String(random() < 0.8 ? small : oneOf(random, [0n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)]));
}

function double(random: Random): number {
  if (random() < 0.8) return random() * 1e4;
  return oneOf(random, [0, -0, NaN, Infinity, -Infinity, 5e-324, 1e300, -1.5, Number.MAX_VALUE]);
}

function numberPoint(random: Random): Plain {
  return { ...point(random), ...withExemplars(random), ...(random() < 0.03 ? {} : numberOf(random)) };
}

function statistics(random: Random): Plain {
  const usual = (): number => (random() < 0.97 ? random() * 100 : double(random));
  return { ...maybe(random, { sum: usual() }, 0.9), ...maybe(random, { min: usual(), max: usual() }) };
}

/** Small, but now and then beyond 2^53, in steps that doubles still add up exactly. */
function counts(random: Random, length: number): bigint[] {
  const huge = random() < 0.03;
  const each = (): bigint => BigInt(pick(random, 4) === 0 ? 0 : pick(random, 300));
  return Array.from({ length }, () => (huge ? 2n ** 55n + each() * 2n ** 12n : each()));
}

function total(parts: readonly bigint[], random: Random): string {
  const sum = parts.reduce((all, each) => all + each, 0n);
  return String(random() < 0.03 && sum < 2n ** 50n ? sum + 1n : sum);
}

function histogramPoint(random: Random): Plain {
  const length = random() < 0.1 ? 0 : 1 + pick(random, 12);
  const bucketCounts = counts(random, length);
  const bounds = Array.from({ length: Math.max(0, length - 1) }, (_, i) => i * 2.5 - 1);
  if (random() < 0.05 && length > 2) bounds[pick(random, bounds.length)] = oneOf(random, [NaN, 0, Infinity, -Infinity]);
  if (random() < 0.05 && length > 1) bounds[bounds.length - 1] = Infinity;
  if (random() < 0.02) bounds.push(1e9);
  const count = length === 0 ? String(pick(random, 50)) : total(bucketCounts, random);
  const buckets = { bucketCounts: bucketCounts.map(String), explicitBounds: bounds };
  return { ...point(random), ...withExemplars(random), ...statistics(random), count, ...buckets };
}

function exponentialPoint(random: Random): Plain {
  const [zeroCount = 0n, ...positive] = counts(random, 1 + pick(random, 20));
  const negative = positive.splice(0, pick(random, 3));
  const side = (bucketCounts: bigint[]): Plain => {
    const offset = random() < 0.95 ? pick(random, 200) - 100 : oneOf(random, [2 ** 31 - 1, -(2 ** 31), 2 ** 20]);
    return { offset, bucketCounts: bucketCounts.map(String) };
  };
  return {
    ...point(random),
    ...withExemplars(random),
    ...statistics(random),
    count: total([...positive, ...negative, zeroCount], random),
    scale: random() < 0.9 ? pick(random, 6) : oneOf(random, [-10, -11, 20, 21, 2 ** 31 - 1, -(2 ** 31)]),
    ...maybe(random, { zeroThreshold: random() < 0.9 ? 1e-6 : double(random) }, 0.3),
    zeroCount: String(zeroCount),
    positive: side(positive),
    ...maybe(random, { negative: side(negative) }, negative.length > 0 ? 1 : 0.3),
  };
}

function summaryPoint(random: Random): Plain {
  const quantile = (): number => (random() < 0.97 ? oneOf(random, [0, 0.5, 0.9, 0.99, 1]) : double(random));
  const quantileValues = several(random, 4, () => ({ quantile: quantile(), value: double(random) }));
  return { ...point(random), count: String(pick(random, 99)), sum: random() * 10, quantileValues };
}

const KEYS = ['a', 'b', 'http.request.method', 'http.route', 'größe', 'k'.repeat(130), ''];

function attributes(random: Random): Plain[] {
  return several(random, 5, () => ({
    key: oneOf(random, KEYS),
    ...maybe(random, { value: anyValue(random, 2) }, 0.97),
  }));
}

function anyValue(random: Random, depth: number): Plain {
  const deeper = (): Plain => anyValue(random, depth - 1);
  switch (pick(random, depth === 0 ? 6 : 9)) {
    case 0:
      return {};
    case 1:
      return { boolValue: random() < 0.5 };
    case 2:
      return { intValue: integer(random) };
    case 3:
      return { doubleValue: double(random) };
    case 4:
      return { bytesValue: randomBytes(random, pick(random, 9)) };
    case 7:
      return { arrayValue: { values: several(random, 3, deeper) } };
    case 8:
      return { kvlistValue: { values: several(random, 3, () => ({ key: oneOf(random, KEYS), value: deeper() })) } };
    default:
      return { stringValue: oneOf(random, ['GET', '/users/{id}', '', 'größe €', 'v'.repeat(200), '\u{1f680}']) };
  }
}

const REQUEST = 'ExportMetricsServiceRequest';

/**
 * The same request as another encoder may write it: fields in any order, repeated numbers one by one or in several packs,
 * with fields nobody knows in between.
 */
export function otherwiseWritten(random: Random, body: Uint8Array): Buffer {
  const tree = parseMessage(body, REQUEST);
  if (tree === undefined) throw new Error('no body to write otherwise');
  return writeMessage(disordered(random, tree, REQUEST));
}

function disordered(random: Random, fields: readonly WireField[], type: string): WireField[] {
  const written = fields.flatMap((field) => repacked(random, field, type));
  for (const field of written) {
    if (field.children !== undefined && field.type !== undefined)
      field.children = disordered(random, field.children, field.type);
  }
  // The order within one field means something, and so does which of several comes last.
  const byNumber = [...Map.groupBy(written, ({ number }) => number).values()];
  const mixed: WireField[] = [];
  while (byNumber.some((queue) => queue.length > 0)) {
    const queue = oneOf(
      random,
      byNumber.filter(({ length }) => length > 0),
    );
    const next = queue.shift();
    if (next !== undefined) mixed.push(next);
    if (random() < 0.1) mixed.push(unknownField(random));
  }
  return mixed;
}

function unknownField(random: Random): WireField {
  return { number: oneOf(random, [19, 2000]), wireType: 2, bytes: randomBytes(random, pick(random, 12)) };
}

function repacked(random: Random, field: WireField, type: string): WireField[] {
  if (field.wireType !== 2 || !isPackable(type, field.number) || random() < 0.4) return [field];
  const wireType = knownWireType(type, field.number) ?? 0;
  const single = numbersIn(field.bytes, wireType).map((bytes) => ({ number: field.number, wireType, bytes }));
  if (random() < 0.5) return single;
  const half = pick(random, single.length + 1);
  const pack = (some: readonly WireField[]): WireField => ({
    ...field,
    bytes: Buffer.concat(some.map(({ bytes }) => bytes)),
  });
  return [pack(single.slice(0, half)), ...single.slice(half, half + 1), pack(single.slice(half + 1))];
}

function numbersIn(bytes: Uint8Array, wireType: number): Uint8Array[] {
  const numbers: Uint8Array[] = [];
  for (let p = 0; p < bytes.length;) {
    let end = p + 8;
    if (wireType === 0) for (end = p + 1; (bytes[end - 1] ?? 0) > 127;) end++;
    numbers.push(bytes.slice(p, end));
    p = end;
  }
  return numbers;
}

const ENUM_NAMES = ['UNSPECIFIED', 'DELTA', 'CUMULATIVE'].map((name) => `AGGREGATION_TEMPORALITY_${name}`);

/** The same request in OTLP/JSON: ids in hexadecimal, 64 bits as text or as a number, enums by number or by name. */
export function metricsJson(random: Random, request: PlainRequest): Buffer {
  return Buffer.from(
    JSON.stringify(request, function replace(this: Plain, key: string, plain: unknown): unknown {
      // Buffers come as what their toJSON makes of them.
      const own = this[key];
      if (own instanceof Uint8Array) return Buffer.from(own).toString(/^(trace|span)Id$/.test(key) ? 'hex' : 'base64');
      if (key === 'aggregationTemporality') return random() < 0.5 ? plain : (ENUM_NAMES[Number(plain)] ?? plain);
      if (typeof plain === 'number' && (!Number.isFinite(plain) || Object.is(plain, -0)))
        return Object.is(plain, -0) ? '-0' : String(plain);
      const isSmall = typeof plain === 'string' && /^(asInt|intValue|count|zeroCount)$/.test(key) && plain.length < 12;
      return isSmall && random() < 0.3 ? Number(plain) : plain;
    }),
  );
}

/** A field in front, so that the varint of a length is read as one. */
export function paddedTo(body: Uint8Array, length: number): Buffer {
  const content = Buffer.alloc(Math.max(0, length - body.length));
  return Buffer.concat([varintBytes(BigInt(99 * 8 + 2)), varintBytes(BigInt(content.length)), content, body]);
}
