// What expectSpan accepts, and what it says where it does not.
import { describe, expect, it } from 'vitest';
import { expectSpan, type ExpectedSpan, type TestSpan } from '../../../sdk/src/testkit/entry.ts';

const TRACE = 'ab'.repeat(16);

function span(name: string, spanId: string, parentSpanId: string, more: Partial<TestSpan> = {}): TestSpan {
  return {
    name, spanId, parentSpanId, traceId: TRACE, kind: 'internal', status: 'unset', statusMessage: '', attributes: {},
    events: [], links: [], durationMs: 10, traceState: '', resource: { 'service.name': 'shop' },
    scope: { name: 'lib', version: '1' }, ...more,
  }; // prettier-ignore
}

const spans = [
  span('query', '3', '2', { kind: 'client', attributes: { 'db.system.name': 'sqlite', rows: 3, tags: ['a', 'b'] } }),
  span('POST /orders', '2', '1', {
    status: 'error',
    statusMessage: 'no such product',
    events: [{ name: 'exception', attributes: { 'exception.type': 'RangeError' } }],
  }),
  span('checkout', '1', '', { durationMs: 50 }),
];

const accepts = (expected: ExpectedSpan & { count?: number }): unknown => expectSpan(spans, expected);

function refuses(expected: ExpectedSpan & { count?: number }, message: RegExp | string): void {
  expect(() => accepts(expected)).toThrow(message);
}

describe('expectSpan', () => {
  it('looks at every part of a span', () => {
    accepts({ name: 'query', kind: 'client', status: 'unset', scope: 'lib', links: 0, traceId: TRACE });
    accepts({
      name: /^POST/,
      statusMessage: /such/,
      events: [{ name: 'exception', attributes: { 'exception.type': /Error$/ } }],
    });
    accepts({
      attributes: {
        'db.system.name': 'sqlite',
        rows: (n: unknown) => Number(n) > 2,
        tags: ['a', 'b'],
        absent: undefined,
      },
    });
    accepts({
      name: 'checkout',
      parent: 'none',
      minDurationMs: 50,
      maxDurationMs: 50,
      resource: { 'service.name': 'shop' },
    });
    accepts({ name: 'query', parent: { name: 'POST /orders', parent: { name: 'checkout' } } });
    accepts({ name: 'POST /orders', parent: { spanId: '1' } });
    accepts({ name: 'POST /orders', parent: 'checkout' });
    accepts({ count: 3 });
    accepts({ name: 'none', count: 0 });
  });

  it('says what differs in those that come nearest', () => {
    refuses(
      { name: 'query', kind: 'server', attributes: { rows: 4, 'db.system.name': 'sqlite' } },
      [
        'expected one span {"name":"query","kind":"server","attributes":{"rows":4,"db.system.name":"sqlite"}}, 0 of 3 are so; nearest:',
        '  query (client, unset, abababab…/3)',
        '    - kind: expected "server", is "client"',
        '    - attributes[rows]: expected 4, is 3',
        '  POST /orders (internal, error, abababab…/2)',
        '    - name: expected "query", is "POST /orders"',
        '    - kind: expected "server", is "internal"',
        '    - attributes[rows]: expected 4, is missing',
        '    - attributes[db.system.name]: expected "sqlite", is missing',
      ].join('\n'),
    );
    refuses({ name: 'query', parent: 'none' }, /parent: expected none, is 2/);
    refuses({ name: 'query', parent: 'checkout' }, /name: expected "checkout", is "POST \/orders"/);
    refuses({ name: 'query', parent: { spanId: '9' } }, /parent: expected 9, is 2/);
    refuses(
      { name: 'query', parent: { name: 'checkout' } },
      /parent POST \/orders: name: expected "checkout", is "POST \/orders"/,
    );
    refuses({ name: 'checkout', parent: { name: /x/ } }, /parent: expected \{"name":"\/x\/"\}, is none/);
    refuses({ name: 'checkout', minDurationMs: 60 }, /durationMs: expected 60 to Infinity, is 50/);
    refuses({ name: 'checkout', events: [{ name: 'x' }] }, /events: expected \{"name":"x"\}, are \[\]/);
    refuses({}, /expected one span \{\}, 3 of 3 are so:\n {2}query/);
    expect(() => expectSpan([], { name: 'x' })).toThrow(/0 of 0 are so$/);
  });

  it('goes on to children and others', () => {
    const found = expectSpan({ spans: () => spans }, { name: 'checkout' });
    found.children(1).child({ name: 'POST /orders' }).child({ kind: 'client' }).children(0).and({ name: 'checkout' });
    expect(found.span.durationMs).toBe(50);
    expect(() => found.child({ name: 'query' })).toThrow(/^below checkout: .*0 of 1 are so; nearest:\n {2}POST/s);
    expect(() => found.children(2)).toThrow(/^below checkout: expected 2 spans \{\}, 1 of 1/);
    expect(() => expectSpan(spans, { name: 'none', count: 0 }).span).toThrow(/none was expected/);
  });
});
