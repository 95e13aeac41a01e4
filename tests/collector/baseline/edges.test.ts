import { describe, expect, it } from 'vitest';
import { type EdgeSpan, OperationEdges } from '../../../collector/src/baseline/edges.ts';
import { operationKey } from '../../../collector/src/baseline/trace-tree.ts';

const operation = (name: string) => ({ service: 'shop', name, kind: 'SPAN_KIND_SERVER' });
const span = (traceId: string, name: string, parent = ''): EdgeSpan => ({
  ...operation(name),
  traceId,
  spanId: `id-${name}`,
  parentId: parent === '' ? '' : `id-${parent}`,
});

/** Edges as `a>b count`. */
function learned(edges: OperationEdges, names: readonly string[]): string[] {
  const nameOf = new Map(names.map((name) => [operationKey(operation(name)), name]));
  return edges.list().map(({ parent, child, count }) => `${nameOf.get(parent)}>${nameOf.get(child)} ${count}`);
}

describe('the table of edges', () => {
  it('counts calls of one operation by another, whichever span comes first', () => {
    const edges = new OperationEdges({ maxEdges: 10, maxSpans: 100 });
    edges.take(span('t1', 'a'), 1);
    edges.take(span('t1', 'b', 'a'), 2);
    edges.take(span('t2', 'b', 'a'), 3);
    edges.take(span('t2', 'a'), 4);
    edges.take(span('t2', 'c', 'b'), 5);
    expect(learned(edges, ['a', 'b', 'c'])).toEqual(['a>b 2', 'b>c 1']);
    expect(edges.list()[0]).toMatchObject({ count: 2, lastSeenMs: 4 });
  });

  it('keeps traces apart, and counts a span that comes twice once', () => {
    const edges = new OperationEdges({ maxEdges: 10, maxSpans: 100 });
    edges.take(span('t1', 'a'), 1);
    edges.take(span('t2', 'b', 'a'), 1);
    expect(edges.size).toBe(0);
    for (let i = 0; i < 3; i++) edges.take(span('t1', 'b', 'a'), 2);
    expect(learned(edges, ['a', 'b'])).toEqual(['a>b 1']);
  });

  it('leaves out what calls itself', () => {
    const edges = new OperationEdges({ maxEdges: 10, maxSpans: 100 });
    edges.take({ ...span('t', 'a'), parentId: 'id-a' }, 1);
    edges.take({ ...span('t', 'a', 'a'), spanId: 'second' }, 1);
    expect(edges.size).toBe(0);
  });

  it('forgets the edge that was not seen for longest', () => {
    const edges = new OperationEdges({ maxEdges: 2, maxSpans: 100 });
    for (const [i, child] of ['b', 'c', 'b', 'd'].entries()) {
      edges.take(span(`t${i}`, 'a'), i);
      edges.take(span(`t${i}`, child, 'a'), i);
    }
    expect(learned(edges, ['a', 'b', 'c', 'd'])).toEqual(['a>b 2', 'a>d 1']);
    expect(edges.forgotten).toBe(1);
  });

  it('makes room in a full table for all that comes', () => {
    const edges = new OperationEdges({ maxEdges: 64, maxSpans: 100 });
    for (let i = 0; i < 1_000; i++) {
      edges.take(span(`t${i}`, 'a'), i);
      edges.take(span(`t${i}`, `child${i}`, 'a'), i);
      expect(edges.size).toBeLessThanOrEqual(64);
    }
    expect(edges.list().map(({ lastSeenMs }) => lastSeenMs)).toEqual(
      Array.from({ length: edges.size }, (_, i) => 1_000 - edges.size + i),
    );
    expect(edges.size + edges.forgotten).toBe(1_000);
  });

  it('holds no more spans than it may, and forgets the oldest', () => {
    const edges = new OperationEdges({ maxEdges: 10, maxSpans: 4 });
    edges.take(span('old', 'a'), 1);
    edges.take(span('late', 'b', 'a'), 1);
    for (let i = 0; i < 5; i++) edges.take(span(`t${i}`, 'x', 'never'), 2);
    edges.take(span('old', 'b', 'a'), 3);
    edges.take(span('late', 'a'), 3);
    expect(edges.size).toBe(0);
  });
});
