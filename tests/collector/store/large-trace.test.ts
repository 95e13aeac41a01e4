// What is shown of traces that are larger than an answer.
import { describe, expect, it, onTestFinished } from 'vitest';
import { TraceRing } from '../../../collector/src/store/sqlite.ts';
import type { TraceAnswer } from '../../../collector/src/web/api.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { testSpan, traceIdOf } from '../../support/test-span.ts';
import { bodyOf, type TestAttribute, type TestSpan } from '../../support/traffic.ts';
import { finished } from '../../support/turns.ts';

const ID = traceIdOf('a').toString('hex');
const MAX_BYTES = 4 * 1024 * 1024;

interface Shown {
  readonly answer: TraceAnswer;
  readonly bytes: number;
  readonly turns: number;
}

/** Keeps batches of one trace and asks for it. */
function shown(...batches: (readonly TestSpan[])[]): Shown {
  const ring = new TraceRing({ path: temporaryFolder(), ringBytes: 1024 ** 3, ringAgeMs: 86_400_000 });
  onTestFinished(() => ring.close());
  for (const [i, spans] of batches.entries())
    ring.keep({ traceIds: ID, reasons: ['share'], late: i === 0 ? [] : [0], body: Uint8Array.from(bodyOf(spans)) }, i);
  const { value, turns } = finished(ring.get(ID));
  return { answer: JSON.parse(Buffer.from(value ?? []).toString()) as TraceAnswer, bytes: value?.length ?? 0, turns };
}

interface Shape {
  readonly name?: string;
  readonly error?: boolean;
  readonly attributes?: TestAttribute[];
}

/** Spans of one trace, a millisecond after each other; the first is the root. */
const spans = (count: number, of: (i: number) => Shape): TestSpan[] =>
  Array.from({ length: count }, (_, i) => {
    const { attributes = [], ...shape } = of(i);
    return { ...testSpan({ trace: 'a', startMs: 1000 + i, child: i > 0, ...shape }), attributes };
  });

describe('a trace with more spans than a page can draw', () => {
  it('shows the earliest that failed and the earliest of the rest, and says that it is cut', () => {
    const all = spans(9000, (i) => ({ name: `${i}`, error: i === 8000 }));
    // As batches come: not in the order of their starts.
    const { answer, turns } = shown(all.slice(5000), all.slice(0, 5000));
    expect(answer.cut).toEqual({ spans: 9000, shown: 5000, withoutDetail: 0 });
    expect(answer.summary).toMatchObject({ spanCount: 9000, errorCount: 1, rootName: '0', durationMs: 9004 });
    const names = answer.spans.map(({ name }) => Number(name));
    expect(names).toEqual([...Array.from({ length: 4999 }, (_, i) => i), 8000]);
    expect(turns).toBeGreaterThan(14);
  });

  it('leaves half of the room to spans that did not fail', () => {
    const { answer } = shown(spans(12_000, (i) => ({ name: `${i}`, error: i >= 1000 })));
    const failed = answer.spans.filter(({ status }) => status === 'STATUS_CODE_ERROR');
    // The few others that there are, and more of those that failed.
    expect([answer.spans.length, failed.length, answer.summary.errorCount]).toEqual([5000, 4000, 11_000]);
    const mixed = shown(spans(20_000, (i) => ({ error: i % 2 === 1 }))).answer;
    expect(mixed.spans.filter(({ status }) => status === 'STATUS_CODE_ERROR')).toHaveLength(2500);
  });

  it('is not cut at the limit', () => {
    const { answer } = shown(spans(5000, () => ({})));
    expect([answer.cut, answer.spans.length]).toEqual([undefined, 5000]);
  });
});

describe('a trace with more text than an answer holds', () => {
  it('leaves detail out, first of spans that did not fail', () => {
    const attributes = [{ key: 'sql', value: { stringValue: 'x'.repeat(10_000) } }];
    const { answer, bytes } = shown(spans(1000, (i) => ({ attributes, error: i >= 900 })));
    expect(bytes).toBeLessThanOrEqual(MAX_BYTES + 1024);
    const { withoutDetail = 0, ...counts } = answer.cut ?? {};
    expect(counts).toEqual({ spans: 1000, shown: 1000 });
    expect(withoutDetail).toBeGreaterThan(500);
    expect(answer.spans.filter(({ detailLeftOut }) => detailLeftOut === true)).toHaveLength(withoutDetail);
    for (const span of answer.spans.slice(900))
      expect([span.detailLeftOut, span.attributes.length]).toEqual([undefined, 1]);
    expect(answer.spans.find(({ detailLeftOut }) => detailLeftOut)?.attributes).toEqual([]);
  });

  it('stays within its bytes whatever grows when it is written as JSON', () => {
    const { answer, bytes } = shown(spans(3000, () => ({ name: '\u0001'.repeat(2000) })));
    expect(bytes).toBeLessThanOrEqual(MAX_BYTES + 8192);
    expect(answer.cut?.shown).toBeLessThan(500);
    expect(answer.spans.length).toBe(answer.cut?.shown);
    // A megabyte that becomes six.
    const attributes = Array.from({ length: 60 }, () => ({
      key: 'blob',
      value: { stringValue: '\u0001'.repeat(16_000) },
    }));
    const detailed = shown(spans(3, () => ({ attributes })));
    expect(detailed.bytes).toBeLessThanOrEqual(MAX_BYTES + 8192);
    expect(detailed.answer.cut).toEqual({ spans: 3, shown: 3, withoutDetail: 3 });
  });

  it('cuts single values, and only measures those of many parts', () => {
    const list = { arrayValue: { values: Array.from({ length: 10_000 }, () => ({ intValue: '1' })) } };
    const [span] = shown(
      spans(1, () => ({
        name: 'n'.repeat(20_000),
        attributes: [
          { key: 'text', value: { stringValue: 'é'.repeat(10_000) } },
          { key: 'list', value: list },
          { key: 'short', value: { arrayValue: { values: [{ intValue: '1' }] } } },
        ],
      })),
    ).answer.spans;
    expect(span?.name).toBe(`${'n'.repeat(16_384)}… (20000 bytes)`);
    expect(span?.attributes).toEqual([
      { key: 'text', value: `${'é'.repeat(8192)}… (20000 bytes)` },
      { key: 'list', value: '(40004 bytes)' },
      { key: 'short', value: '[1]' },
    ]);
  });
});
