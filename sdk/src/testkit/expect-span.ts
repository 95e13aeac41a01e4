// Asserts that there is a span as a test expects it, and says which come nearest where there is none.
import { AssertionError } from 'node:assert';
import { type ExpectedSpan, mismatchesOf, shown } from './span-match.ts';
import type { TestSpan } from './test-span.ts';

/** Where spans are: a list, a test telemetry or a receiver. */
export type Spans = readonly TestSpan[] | { spans(): readonly TestSpan[] };

/** What was found, to go on from. */
export interface FoundSpan {
  readonly span: TestSpan;
  /** All that are as expected. */
  readonly spans: readonly TestSpan[];
  /** Asserts that one of its children is as expected, and goes on from that. */
  child(expected: ExpectedSpan): FoundSpan;
  /** Asserts how many children it has, of those as expected or of all. */
  children(count: number, expected?: ExpectedSpan): FoundSpan;
  /** Asserts that another span is as expected, and goes on from that. */
  and(expected: ExpectedSpan): FoundSpan;
}

/** Of those that come near, so many are shown. */
const MOST_SHOWN = 3;
/** A span of another name is further away than one with so many other differences. */
const NAME_WEIGHT = 4;

/**
 * Asserts that there is exactly one span as expected, or so many as `count` says.
 *
 * @throws AssertionError with what differs in those that come nearest
 */
export function expectSpan(spans: Spans, expected: ExpectedSpan & { readonly count?: number }): FoundSpan {
  const all = 'spans' in spans ? spans.spans() : spans;
  const { count = 1, ...rest } = expected;
  const found = all.filter((span) => mismatchesOf(span, rest, all).length === 0);
  if (found.length !== count) fail(messageOf(all, rest, found, count), expectSpan);
  return foundOf(found, all);
}

function foundOf(spans: readonly TestSpan[], all: readonly TestSpan[]): FoundSpan {
  const [span] = spans;
  const first = (): TestSpan => span ?? fail('there is no span to go on from: none was expected', foundOf);
  const below = (): TestSpan[] => {
    const { spanId, traceId } = first();
    return all.filter((each) => each.parentSpanId === spanId && each.traceId === traceId);
  };
  return {
    get span() {
      return first();
    },
    spans,
    child(expected) {
      const children = below();
      const found = children.filter((each) => mismatchesOf(each, expected, all).length === 0);
      if (found.length === 0) fail(`below ${first().name}: ${messageOf(children, expected, found, 1)}`, this.child);
      return foundOf(found, all);
    },
    children(count, expected = {}) {
      const found = below().filter((each) => mismatchesOf(each, expected, all).length === 0);
      if (found.length !== count)
        fail(`below ${first().name}: ${messageOf(below(), expected, found, count)}`, this.children);
      return this;
    },
    and: (expected) => expectSpan(all, expected),
  };
}

function messageOf(
  all: readonly TestSpan[],
  expected: ExpectedSpan,
  found: readonly TestSpan[],
  count: number,
): string {
  const head = `expected ${count === 1 ? 'one span' : `${count} spans`} ${shown(expected)}, ${found.length} of ${all.length} are so`;
  if (found.length > count)
    return `${head}:\n${found
      .slice(0, MOST_SHOWN)
      .map((span) => `  ${titleOf(span)}`)
      .join('\n')}`;
  if (all.length === 0) return head;
  const near = all
    .map((span) => ({ span, lines: mismatchesOf(span, expected, all) }))
    .filter(({ lines }) => lines.length > 0)
    .sort((a, b) => distanceOf(a.lines) - distanceOf(b.lines))
    .slice(0, MOST_SHOWN);
  const texts = near.map(({ span, lines }) =>
    [`  ${titleOf(span)}`, ...lines.map((line) => `    - ${line}`)].join('\n'),
  );
  return [`${head}; nearest:`, ...texts].join('\n');
}

function distanceOf(lines: readonly string[]): number {
  return lines.reduce((sum, line) => sum + (line.startsWith('name:') ? NAME_WEIGHT : 1), 0);
}

function titleOf({ name, kind, status, traceId, spanId }: TestSpan): string {
  return `${name} (${kind}, ${status}, ${traceId.slice(0, 8)}…/${spanId})`;
}

function fail(message: string, from: (...args: never[]) => unknown): never {
  throw new AssertionError({ message, stackStartFn: from, operator: 'expectSpan' });
}
