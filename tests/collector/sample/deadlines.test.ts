// Deadlines where the property of waits does not look: late ticks, memory, slots that are used again.
import { expect, test } from 'vitest';
import { Deadlines } from '../../../collector/src/sample/deadlines.ts';
import { NONE } from '../../../collector/src/sample/span-slots.ts';
import { TraceSlots } from '../../../collector/src/sample/trace-slots.ts';
import { testSampler } from '../../support/sampler.ts';
import { HIGH, root, scene, span } from '../../support/trace-scene.ts';
import type { TestSpan } from '../../support/traffic.ts';

const ALL = [{ name: 'all', type: 'probabilistic', ratio: 1 }];
const BATCH = { type: 'service', names: ['batch'] };

test('says what was over first where several times are over by the tick', () => {
  const { buffer, add } = scene({ sampler: testSampler(ALL), decisionWaitMs: 5000, afterErrorMs: 3000 });
  add(0, span(1, HIGH));
  add(500, span(2, HIGH, { statusCode: 2 }));
  add(1000, root(1, HIGH), span(1, HIGH, { statusCode: 2 }), root(2, HIGH));
  // Errors after 3.5 s and 4 s, the wait after 5 s, roots after 7 s: never.
  buffer.tick(60_000);
  expect(buffer.counts.decided).toMatchObject({ error: 2, wait: 0, root: 0 });
  add(60_000, root(3, HIGH), span(4, HIGH));
  add(64_000, span(3, HIGH, { statusCode: 2 }));
  buffer.tick(120_000);
  expect(buffer.counts.decided).toMatchObject({ error: 2, wait: 2, root: 0 });
});

test('decides in the order in which traces are due, as far as there is time', () => {
  const sampler = testSampler(ALL, [{ name: 'batch', when: BATCH, decision_wait: '2s' }]);
  const { buffer, kept, add } = scene({ sampler, decisionWaitMs: 5000 });
  add(0, span(1, HIGH), span(2, HIGH));
  add(1000, span(3, HIGH, { service: 'batch' }), span(4, HIGH));
  const order: string[] = [];
  for (let i = 0; i < 10 && buffer.tick(10_000, 1); i++) order.push(...kept.splice(0).map(({ spans }) => spans.join()));
  expect(order).toEqual(['span 3', 'span 1', 'span 2', 'span 4']);
});

test('waits as long as the first listed wait says, in whatever order the spans of one request came', () => {
  const waits = [
    { name: 'slow', when: BATCH, decision_wait: '60s' },
    { name: 'err', when: { type: 'status' }, decision_wait: '2s' },
  ];
  const spans = [span(1, HIGH, { statusCode: 2 }), span(1, HIGH, { service: 'batch' })];
  const check = (late: readonly TestSpan[]): void => {
    const { buffer, kept, add } = scene({ sampler: testSampler(ALL, waits) });
    add(0, span(1, HIGH));
    buffer.tick(9000);
    add(10_000, ...late);
    buffer.tick(59_999);
    expect(kept).toEqual([]);
    buffer.tick(60_000);
    expect(kept).toHaveLength(1);
    expect(buffer.ledger.read(0)).toMatchObject({ cause: 'wait', wait: 0 });
  };
  check(spans);
  check(spans.toReversed());
});

test('decides the oldest early where memory is short, however long each may wait', () => {
  const maxPendingBytes = 9 * 1024 * 1024;
  const waits = [
    { name: 'batch', when: BATCH, decision_wait: '10m' },
    { name: 'short', when: { type: 'operation', names: ['root 2'] }, decision_wait: '1s' },
  ];
  const { buffer, kept, add } = scene({ sampler: testSampler(ALL, waits), maxPendingBytes, afterRootMs: 60_000 });
  const name = 'x'.repeat(2000);
  add(0, span(1, HIGH, { service: 'batch' }), span(3, HIGH));
  // Over their first waits, the two stand in queues of their own.
  buffer.tick(2000);
  add(2000, root(2, HIGH));
  buffer.tick(2500);
  expect(kept).toEqual([]);
  for (let i = 0; buffer.counts.decided.budget === 0 && i < 10_000; i++) add(2600 + i, span(5, HIGH, { name }));
  const order = kept.map(({ spans }) => spans[0]);
  expect(order.slice(0, 2).toSorted()).toEqual(['span 1', 'span 3']);
  expect(order[2]).toBe('root 2');
});

test('begins a trace without the waits of the one that had its place before', () => {
  const sampler = testSampler(ALL, [{ name: 'batch', when: BATCH, decision_wait: '1s', after_root: '1s' }]);
  const { buffer, kept, add } = scene({ sampler, decisionWaitMs: 20_000, maxDecisions: 10_000 });
  // More than there are places, which are taken round and round.
  const many = (kind: number, service: string): TestSpan[] =>
    Array.from({ length: 2500 }, (_, i) => {
      const traceId = Buffer.alloc(16, kind);
      traceId.writeUInt32BE(i, 4);
      return span(1, HIGH, { traceId, service });
    });
  add(0, ...many(1, 'batch'));
  buffer.tick(1000);
  expect(kept).toHaveLength(2500);
  for (const kind of [2, 3]) {
    const startMs = kind * 100_000;
    add(startMs, ...many(kind, 'shop'));
    buffer.tick(startMs + 19_999);
    expect(kept).toHaveLength((kind - 1) * 2500);
    buffer.tick(startMs + 20_000);
    expect(kept).toHaveLength(kind * 2500);
  }
});

test('holds few entries of decided traces, and decides the others when they are due', () => {
  const options = { decisionWaitMs: 600_000, afterRootMs: 6000 };
  const traces = new TraceSlots(1);
  const deadlines = new Deadlines(options, [], traces);
  const open = (n: number, nowMs: number): number => {
    const trace = traces.add(traces.hash(0, 0, 0, n), 0, 0, 0, n, nowMs);
    deadlines.open(trace, nowMs);
    return trace;
  };
  // One in a hundred has no root and waits for long; all others are decided after theirs.
  const due: [number, number][] = [];
  for (let n = 1; n <= 50_000; n++) {
    const trace = open(n, n);
    if (n % 100 === 0) due.push([n, n + 600_000]);
    else deadlines.rooted(trace, n);
    for (let over = deadlines.next(n); over !== NONE; over = deadlines.next(n)) traces.remove(over);
    // Two queues have entries here, each up to twice those that wait and some.
    expect(deadlines.count).toBeLessThanOrEqual(2 * (2 * traces.count + 1024));
  }
  for (let over = deadlines.next(60_000); over !== NONE; over = deadlines.next(60_000)) traces.remove(over);
  expect(traces.count).toBe(due.length);
  for (const [n, dueMs] of due) {
    expect(deadlines.next(dueMs - 1)).toBe(NONE);
    const trace = deadlines.next(dueMs);
    expect([traces.id3[trace], deadlines.ending.cause]).toEqual([n, 'wait']);
    traces.remove(trace);
  }
});
