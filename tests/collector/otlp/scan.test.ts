import { expect, test } from 'vitest';
import { Malformed } from '../../../collector/src/otlp/malformed.ts';
import { ENTRY, HAS_TRACE_STATE, ROOT } from '../../../collector/src/otlp/span-batch.ts';
import { releaseBatch, rowsOf, testIntake } from '../../support/intake.ts';
import { Request7 } from '../../support/otlp-schema.ts';
import { bodyOf, requestOf, type TestSpan, traffic } from '../../support/traffic.ts';

function span(change: Partial<TestSpan> = {}): TestSpan {
  const [[made] = []] = traffic({ seed: 1, traces: 1, maxSpans: 1, attributes: 2 });
  if (made === undefined) throw new Error('no span');
  return { ...made, ...change };
}

function encode(request: object): Uint8Array {
  return Request7.encode(Request7.fromObject(request)).finish();
}

/** What becomes of spans: rows in the batch, or `rejected`. */
function take(...spans: TestSpan[]): { rows: ReturnType<typeof rowsOf>; rejected: number } {
  const intake = testIntake();
  const body = bodyOf(spans);
  expect(intake.take([body], body.length, 0, 0)).toBe('accepted');
  return { rows: rowsOf(intake.batch), rejected: intake.batch.rejected };
}

function refusal(body: Uint8Array): string {
  const intake = testIntake();
  try {
    intake.take([body], body.length, 0, 0);
  } catch (error) {
    if (error instanceof Malformed) return error.reason;
    throw error;
  }
  return 'accepted';
}

test('flags roots, entry spans and spans with a tracestate', () => {
  const check = (change: Partial<TestSpan>, flags: number): void =>
    expect(take(span(change)).rows[0]?.flags, JSON.stringify(change)).toBe(flags);
  const parentSpanId = Buffer.alloc(8, 1);
  check({ kind: 1 }, ROOT | ENTRY);
  check({ kind: 2 }, ROOT | ENTRY);
  check({ kind: 1, parentSpanId }, 0);
  check({ kind: 2, parentSpanId }, ENTRY);
  check({ kind: 3, parentSpanId }, 0);
  check({ kind: 4, parentSpanId }, 0);
  check({ kind: 5, parentSpanId }, ENTRY);
  check({ kind: 1, parentSpanId, traceState: 'a=1' }, HAS_TRACE_STATE);
  check({ kind: 1, parentSpanId: Buffer.alloc(8) }, ROOT | ENTRY);
});

test('rejects a span with bad ids alone', () => {
  const check = (change: Partial<TestSpan>): void => {
    const { rows, rejected } = take(span(), span(change), span({ name: 'after' }));
    expect(rejected, JSON.stringify(change)).toBe(1);
    expect(rows.map(({ name }) => name)).toEqual([span().name, 'after']);
  };
  check({ traceId: Buffer.alloc(16) });
  check({ traceId: Buffer.alloc(15, 1) });
  check({ traceId: Buffer.alloc(17, 1) });
  check({ traceId: Buffer.alloc(0) });
  check({ spanId: Buffer.alloc(8) });
  check({ spanId: Buffer.alloc(7, 1) });
  check({ spanId: Buffer.alloc(0) });
  check({ parentSpanId: Buffer.alloc(7, 1) });
  check({ parentSpanId: Buffer.alloc(16, 1) });
});

test('rejects a span with bad UTF-8 in any text alone', () => {
  const MARK = '\u0001\u0001\u0001\u0001';
  const check = (change: Partial<TestSpan>): void => {
    const intake = testIntake();
    const body = Buffer.from(bodyOf([span(), span(change), span({ name: 'after' })]));
    for (let at = body.indexOf(MARK); at >= 0; at = body.indexOf(MARK)) body.write('eda08080', at, 'hex');
    expect(intake.take([body], body.length, 0, 0)).toBe('accepted');
    expect(intake.batch.rejected, JSON.stringify(change)).toBe(1);
    expect(rowsOf(intake.batch).map(({ name }) => name)).toEqual([span().name, 'after']);
  };
  const attributes = [{ key: 'k', value: { stringValue: MARK } }];
  check({ name: MARK });
  check({ name: `${'long enough for the native check '.repeat(10)}${MARK}` });
  check({ traceState: MARK });
  check({ attributes });
  check({ attributes: [{ key: MARK, value: { intValue: 1 } }] });
  check({ attributes: [{ key: 'k', value: { arrayValue: { values: [{ stringValue: MARK }] } } }] });
  check({ attributes: [{ key: 'k', value: { kvlistValue: { values: [{ key: MARK }] } } }] });
  check({ more: { status: { message: MARK } } });
  check({ more: { events: [{ name: MARK }] } });
  check({ more: { events: [{ attributes }] } });
  check({ more: { links: [{ traceState: MARK }] } });
  check({ more: { links: [{ attributes }] } });
});

test('refuses the body for bad UTF-8 in a resource or scope', () => {
  const MARK = '\u0001\u0001\u0001\u0001';
  const check = (request: object): void => {
    const body = Buffer.from(encode(request));
    body.write('ffffffff', body.indexOf(MARK), 'hex');
    expect(refusal(body), JSON.stringify(request)).toBe('utf8');
  };
  check({ resourceSpans: [{ schemaUrl: MARK }] });
  check({ resourceSpans: [{ resource: { attributes: [{ key: MARK }] } }] });
  check({ resourceSpans: [{ resource: { entityRefs: [{ idKeys: ['a', MARK] }] } }] });
  check({ resourceSpans: [{ scopeSpans: [{ schemaUrl: MARK }] }] });
  check({ resourceSpans: [{ scopeSpans: [{ scope: { name: MARK } }] }] });
  check({ resourceSpans: [{ scopeSpans: [{ scope: { attributes: [{ key: 'a', value: { stringValue: MARK } }] } }] }] });
});

test('leaves nothing behind of a body whose last byte is wrong', () => {
  const intake = testIntake();
  const spans = traffic({ seed: 2, traces: 100, attributes: 3 }).flat();
  const body = Buffer.concat([bodyOf(spans), Buffer.from([0x0a])]);
  for (let i = 0; i < 50; i++) expect(() => intake.take([body], body.length, i, i)).toThrow(Malformed);
  expect(intake.contexts.count).toBe(0);
  expect(intake.arena.liveBytes).toBe(0);
  const sound = bodyOf(spans);
  expect(intake.take([sound], sound.length, 0, 0)).toBe('accepted');
  expect(intake.batch.count).toBe(spans.length);
});

test('takes a body of more spans than its columns hold, in chunks cut anywhere', () => {
  const intake = testIntake();
  const spans = traffic({ seed: 3, traces: 200, attributes: 1 }).flat();
  expect(spans.length).toBeGreaterThan(2048);
  const body = bodyOf(spans);
  const chunks = [body.subarray(0, 1), body.subarray(1, 70_001), body.subarray(70_001)];
  expect(intake.take(chunks, body.length, 0, 0)).toBe('accepted');
  const names = (each: { name: string }[]): string[] => each.map(({ name }) => name).sort();
  expect(names(rowsOf(intake.batch))).toEqual(names(spans));
});

test('gives one context to equal resource and scope, and holds one reference a span', () => {
  const intake = testIntake();
  const spans = traffic({ seed: 4, traces: 30, services: 3, attributes: 1 }).flat();
  // The same containers twice in one body, and the same body twice.
  const body = Buffer.concat([bodyOf(spans), bodyOf(spans)]);
  for (const total of [spans.length * 2, spans.length * 4]) {
    expect(intake.take([body], body.length, 0, 0)).toBe('accepted');
    expect(intake.contexts.count).toBe(3);
    expect(intake.contexts.slots.reduce((sum, context) => sum + (context?.references ?? 0), 0)).toBe(total);
  }
  releaseBatch(intake.batch);
  expect(intake.contexts.slots.reduce((sum, context) => sum + (context?.references ?? 0), 0)).toBe(spans.length * 2);
});

function withServices(count: number, size = 0): Uint8Array {
  const resourceSpans = Array.from({ length: count }, (_, i) => ({
    resource: { attributes: [{ key: 'service.name', value: { stringValue: `service ${i} ${'x'.repeat(size)}` } }] },
    scopeSpans: [{ spans: [{ traceId: Buffer.alloc(16, 1), spanId: Buffer.alloc(8, 1), name: 'x' }] }],
  }));
  return encode({ resourceSpans });
}

test('refuses a body with more contexts than there can be, and takes the next', () => {
  const intake = testIntake();
  const check = (body: Uint8Array): void => {
    expect(() => intake.take([body], body.length, 0, 0)).toThrow('contexts');
    expect(intake.arena.liveBytes).toBe(0);
    expect(intake.contexts.count).toBe(0);
  };
  check(withServices(9000));
  check(withServices(2000, 4000));
  const sound = bodyOf([span()]);
  expect(intake.take([sound], sound.length, 1, 1)).toBe('accepted');
});

test('refuses a body while all contexts are in use by others', () => {
  const intake = testIntake();
  const all = withServices(8192);
  expect(intake.take([all], all.length, 0, 0)).toBe('accepted');
  const sound = bodyOf([span()]);
  expect(intake.take([sound], sound.length, 1, 1)).toBe('contexts_full');
  expect(intake.contexts.slots.reduce((sum, context) => sum + (context?.references ?? 0), 0)).toBe(8192);
});

test('does not pay for a resource again with each of its scopes beyond a limit', () => {
  const intake = testIntake();
  const resource = { attributes: [{ key: 'large', value: { stringValue: 'x'.repeat(100_000) } }] };
  const body = encode({ resourceSpans: [{ resource, scopeSpans: Array.from({ length: 800 }, () => ({})) }] });
  expect(() => intake.take([body], body.length, 0, 0)).toThrow('contexts');
});

test('refuses a span cut at the very end of its memory', () => {
  for (const tag of [0x5a, 0x4a, 0x6a, 0x7a, 0x2a, 0x0a]) {
    const cut = Buffer.from([0x0a, 5, 0x12, 3, 0x12, 1, tag]);
    const padding = Buffer.alloc(5 * 1024 * 1024);
    // An unknown field first, so that the body fills a segment of its own to the last byte.
    const head = Buffer.from([0x7a, 0x80, 0x80, 0xc0, 0x02]);
    const body = Buffer.concat([head, padding, cut]);
    const intake = testIntake();
    expect(() => intake.take([body], body.length, 0, 0)).toThrow('truncated');
  }
});

test('reads service.name where a resource has it, else says unknown_service', () => {
  const check = (attributes: object[], expected: string): void => {
    const intake = testIntake();
    const { traceId, spanId } = span();
    const body = encode({
      resourceSpans: [{ resource: { attributes }, scopeSpans: [{ spans: [{ traceId, spanId }] }] }],
    });
    intake.take([body], body.length, 0, 0);
    expect(rowsOf(intake.batch)[0]?.service, JSON.stringify(attributes)).toBe(expected);
  };
  const named = (value: object): object => ({ key: 'service.name', value });
  check([], 'unknown_service');
  check([named({ stringValue: 'shop' })], 'shop');
  check([{ key: 'service.nam' }, { key: 'service.namf' }, named({ stringValue: 'größe' })], 'größe');
  check([named({ stringValue: '' })], 'unknown_service');
  check([named({ intValue: 5 })], 'unknown_service');
  check([named({ stringValue: '\uFEFFshop' })], '\uFEFFshop');
});

test('finds configured dimensions by their whole key, the last one of a repeated key', () => {
  const intake = testIntake({ dimensions: ['http.route', 'x'.repeat(255), 'a'] });
  const attributes = [
    { key: 'http.routf', value: { stringValue: 'wrong' } },
    { key: 'http.route', value: { stringValue: 'first' } },
    { key: 'x'.repeat(255), value: { boolValue: true } },
    { key: 'http.route', value: { stringValue: 'last' } },
  ];
  const request = requestOf([span({ attributes }), span({ attributes: [] })]);
  const body = encode(request);
  intake.take([body], body.length, 0, 0);
  const hex = (text: string): string =>
    `0a${Buffer.from([text.length]).toString('hex')}${Buffer.from(text).toString('hex')}`;
  expect(rowsOf(intake.batch).map(({ dimensions }) => dimensions)).toEqual([
    [hex('last'), '1001', '', ''],
    ['', '', '', ''],
  ]);
});

test('refuses a body that does not fit the arena before anything is copied', () => {
  const intake = testIntake({ maxArenaBytes: 1000 });
  const body = bodyOf(traffic({ seed: 5, traces: 5 }).flat());
  expect(intake.take([body], body.length, 0, 0)).toBe('over_budget');
  expect(intake.arena.pinnedBytes).toBe(0);
});
