import { expect, test } from 'vitest';
import type { SpanJson } from '../../../../collector/src/web/api.ts';
import { cutAround, extentMs, layOut, nextError } from '../../../../collector/src/web/page/waterfall.ts';

function span(spanId: string, parentSpanId = '', stated: Partial<SpanJson> = {}): SpanJson {
  return {
    spanId,
    parentSpanId,
    service: 'shop',
    scope: '',
    name: spanId,
    kind: 'SPAN_KIND_INTERNAL',
    offsetMs: 0,
    durationMs: 10,
    status: 'STATUS_CODE_UNSET',
    statusMessage: '',
    traceState: '',
    attributes: [],
    events: [],
    ...stated,
  };
}

/** Rows as text: indented names, orphans with a star. */
function check(spans: readonly SpanJson[], expected: readonly string[]): void {
  const rows = layOut(spans).map((row) => `${'. '.repeat(row.depth)}${row.span.name}${row.isOrphan ? '*' : ''}`);
  expect(rows).toEqual(expected);
}

test('puts children below their parent, siblings by start', () => {
  check(
    [
      span('late', 'root', { offsetMs: 5 }),
      span('leaf', 'early'),
      span('early', 'root', { offsetMs: 1 }),
      span('root'),
    ],
    ['root', '. early', '. . leaf', '. late'],
  );
});

test('shows spans with a missing parent after the roots, with their own children', () => {
  check([span('lone', 'gone'), span('child', 'lone'), span('root', '', { offsetMs: 3 })], ['root', 'lone*', '. child']);
});

test('shows every span of a circle once', () => {
  check(
    [span('b', 'a', { offsetMs: 1 }), span('a', 'c'), span('c', 'b', { offsetMs: 2 }), span('self', 'self')],
    ['self*', 'a*', '. b', '. . c'],
  );
});

test('shows every span once where ids repeat', () => {
  check(
    [span('root'), span('twin', 'root'), span('twin', 'root', { offsetMs: 1 }), span('leaf', 'twin', { offsetMs: 2 })],
    ['root', '. twin', '. . leaf', '. twin'],
  );
});

test('gives bars as shares of the whole time, beyond the root if need be', () => {
  const rows = layOut([span('root', '', { durationMs: 50 }), span('after', 'root', { offsetMs: 75, durationMs: 25 })]);
  expect(rows[0]).toMatchObject({ startRatio: 0, widthRatio: 0.5 });
  expect(rows[1]).toMatchObject({ startRatio: 0.75, widthRatio: 0.25 });
});

test('gives bars of no width where no time passed', () => {
  expect(layOut([span('root', '', { durationMs: 0 })])[0]).toMatchObject({ startRatio: 0, widthRatio: 0 });
  expect(extentMs([])).toBe(0);
});

test('marks errors, and where another service begins', () => {
  const rows = layOut([
    span('root'),
    span('same', 'root'),
    span('other', 'root', { service: 'cart', status: 'STATUS_CODE_ERROR', offsetMs: 1 }),
  ]);
  expect(rows.map(({ isError, isOtherService }) => [isError, isOtherService])).toEqual([
    [false, true],
    [false, false],
    [true, true],
  ]);
});

test('finds the next error around the end', () => {
  const failed = { status: 'STATUS_CODE_ERROR' };
  const rows = layOut([span('root', '', failed), span('a', 'root'), span('b', 'root', { offsetMs: 1, ...failed })]);
  expect(nextError(rows, -1)).toBe(0);
  expect(nextError(rows, 0)).toBe(2);
  expect(nextError(rows, 2)).toBe(0);
  expect(nextError(layOut([span('fine')]), -1)).toBeUndefined();
});

test('lays out a chain of 50 000 spans', () => {
  const chain = Array.from({ length: 50_000 }, (_, i) => span(`s${i}`, i === 0 ? '' : `s${i - 1}`, { offsetMs: i }));
  expect(layOut(chain).at(-1)).toMatchObject({ depth: 49_999 });
});

test('shows a row outside the cut in a new one around it, and leaves the cut where it is inside', () => {
  const cut = { from: 100, to: 200 };
  expect(cutAround(cut, 199, 50)).toBe(cut);
  expect(cutAround(cut, 500, 50)).toEqual({ from: 475, to: 525 });
  expect(cutAround(cut, 10, 50)).toEqual({ from: 0, to: 50 });
});
