// Adds to plain traces what OTLP allows and few programs send: the corners in which a scan, a series or a decision may err.
import { oneOf, pick, type Random, randomBytes } from './random.ts';
import type { TestAttribute, TestSource, TestSpan } from './traffic.ts';

/** Changes the spans of one trace in place. */
export function enrich(random: Random, spans: TestSpan[]): void {
  const states = traceStates(random, spans[0]?.traceId ?? Buffer.alloc(16));
  for (const span of spans) {
    if (random() < 0.15) span.name = oneOf(random, NAMES);
    if (random() < 0.1) span.service = oneOf(random, ['', 'größe', 'service-0']);
    if (random() < 0.1) span.parentSpanId = randomBytes(random, 8);
    if (random() < 0.1) span.kind = pick(random, 9);
    if (random() < 0.1) oddTimes(random, span);
    if (random() < 0.3) span.source = oneOf(random, SOURCES);
    const state = states();
    if (state !== undefined) span.traceState = state;
    if (random() < 0.3) span.attributes = [...span.attributes, ...nestedAttributes(random)];
    if (random() < 0.5) span.attributes.push(...dimensionAttributes(random));
    if (random() < 0.4) span.more = further(random, span);
  }
}

const NAMES = [
  '',
  'GET /größe',
  '日本語の操作',
  '🚚',
  '\uFEFFoperation 1',
  'a'.repeat(300),
  'é'.repeat(130),
  'x\u0000y',
];

const SOURCES: readonly TestSource[] = [
  { key: 'bare', resourceAttributes: [] },
  {
    key: 'urls',
    resourceAttributes: [{ key: 'host.name', value: { stringValue: 'straße' } }],
    resourceUrl: 'https://opentelemetry.io/schemas/1.37.0',
    scope: { name: 'scope/ä' },
    scopeUrl: 'https://opentelemetry.io/schemas/1.20.0',
  },
  {
    key: 'nested',
    resourceAttributes: [{ key: 'list', value: { arrayValue: { values: [{ intValue: 1 }, { stringValue: 'b' }] } } }],
    scope: {
      name: 'tests',
      version: '2',
      attributes: [{ key: 'team', value: { stringValue: 'orders' } }],
      droppedAttributesCount: 3,
    },
  },
];

/** Times of zero, an end before the start, equal ends, the far future, differences beyond 2^53 nanoseconds. */
function oddTimes(random: Random, span: TestSpan): void {
  switch (pick(random, 6)) {
    case 0:
      span.endNs = span.startNs;
      return;
    case 1:
      span.endNs = span.startNs - BigInt(1 + pick(random, 1e9));
      return;
    case 2:
      span.startNs = 0n;
      return;
    case 3:
      span.endNs = 0n;
      return;
    case 4:
      span.endNs = 2n ** 64n - 1n;
      return;
    default:
      span.endNs = span.startNs + 2n ** BigInt(pick(random, 40));
  }
}

/** How the spans of one trace carry a tracestate: none, one for all, or some with and some without. */
function traceStates(random: Random, traceId: Buffer): () => string | undefined {
  const own = BigInt(`0x${traceId.subarray(9).toString('hex')}`);
  const explicit = random() < 0.3 ? BigInt(`0x${randomBytes(random, 7).toString('hex')}`) : undefined;
  const randomness = explicit ?? own;
  const fields = explicit === undefined ? [] : [`rv:${explicit.toString(16).padStart(14, '0')}`];
  const style = random();
  if (style < 0.35) return () => undefined;
  if (style < 0.45)
    return () =>
      oneOf(random, ['vendor=x:1', 'ot=', 'ot=th:', 'ot=th:xyz', 'ot=rv:12', ',', 'ot=th:8;th:', 'foo=ot=th:8']);
  if (style < 0.9) {
    // Most senders sample rightly: their threshold is not above the randomness. A few do not.
    const digits = oneOf(random, [1, 2, 4, 14]);
    const hex = randomBytes(random, 7).toString('hex').slice(0, digits);
    const threshold = BigInt(`0x${hex.padEnd(14, '0')}`);
    const sound = threshold <= randomness || random() < 0.1 ? hex : oneOf(random, ['0', '00']);
    fields.unshift(`th:${sound}`);
  }
  if (random() < 0.2) fields.push('x:ünused');
  const own_ = `ot=${fields.join(';')}`;
  const text = fields.length === 0 ? 'vendor=1' : own_;
  const framed = oneOf(random, [
    text,
    text,
    `vendor=x:1,${text}`,
    `${text} , vendor=y`,
    `a=b, ${text},c=d`,
    `\t${text}`,
  ]);
  return () => (random() < 0.9 ? framed : oneOf(random, [undefined, '', 'vendor=late']));
}

function nestedAttributes(random: Random): TestAttribute[] {
  let value: Record<string, unknown> = { stringValue: 'tief' };
  for (let depth = pick(random, 8); depth > 0; depth--)
    value =
      random() < 0.5
        ? { arrayValue: { values: [value, { intValue: -depth }] } }
        : { kvlistValue: { values: [{ key: `k${depth}`, value }, { key: '' }] } };
  return [
    { key: 'nested', value },
    { key: 'bytes', value: { bytesValue: randomBytes(random, pick(random, 20)) } },
    { key: 'infinite', value: { doubleValue: oneOf(random, [Infinity, -Infinity, NaN, -0, 1e-300]) } },
    { key: 'negative', value: { intValue: -1 - pick(random, 1e9) } },
    { key: 'empty', value: {} },
    { key: '', value: { stringValue: '' } },
    { key: 'long', value: { stringValue: oneOf(random, ['x', 'ä']).repeat(100 + pick(random, 200)) } },
  ];
}

/** Values that look alike as text must be one series; arrays make a poor label but a valid one. */
function dimensionAttributes(random: Random): TestAttribute[] {
  const route: TestAttribute = {
    key: 'http.route',
    value: { stringValue: oneOf(random, ['/a', '/b', '/größe', '', '200']) },
  };
  const status: TestAttribute = {
    key: 'http.status',
    value: oneOf<Record<string, unknown>>(random, [
      { intValue: 200 },
      { stringValue: '200' },
      { boolValue: true },
      { doubleValue: 0.5 },
      { doubleValue: 200 },
      { arrayValue: { values: [{ intValue: pick(random, 9) }] } },
      {},
    ]),
  };
  return random() < 0.2 ? [route, status, { ...route, value: { stringValue: '/again' } }] : [route, status];
}

function further(random: Random, span: TestSpan): Record<string, unknown> {
  const attributes = span.attributes.slice(0, pick(random, 3));
  const event = (name: string): object => ({
    name,
    timeUnixNano: span.startNs.toString(),
    attributes,
    droppedAttributesCount: 1,
  });
  const link = {
    traceId: randomBytes(random, 16),
    spanId: randomBytes(random, 8),
    traceState: 'ot=th:8',
    attributes,
    flags: 1,
  };
  return {
    droppedAttributesCount: pick(random, 3),
    events: Array.from({ length: pick(random, 3) }, (_, i) => event(`event ${i} ü`)),
    droppedEventsCount: pick(random, 2),
    links: Array.from({ length: pick(random, 3) }, () => link),
    droppedLinksCount: pick(random, 500),
    flags: pick(random, 2 ** 31),
    status: {
      code: random() < 0.03 ? 2 : oneOf(random, [0, 1, 7]),
      message: oneOf(random, ['', 'broken', 'kaputt: größe']),
    },
  };
}
