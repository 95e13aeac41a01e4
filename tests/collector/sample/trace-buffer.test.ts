import { expect, test } from 'vitest';
import type { Sampler } from '../../../collector/src/sample/sampler.ts';
import { testSampler } from '../../support/sampler.ts';
import { pick, seeded } from '../../support/random.ts';
import { bodyOf, type TestSpan, traceIdPlaces, traffic } from '../../support/traffic.ts';
import { LOW, HIGH, scene, span, root } from '../../support/trace-scene.ts';

test('decides a trace a while after its root, or after the wait where the root never comes', () => {
  const { buffer, kept, add } = scene();
  add(0, span(1, HIGH), span(2, HIGH));
  add(1000, root(1, HIGH));
  buffer.tick(6999);
  expect(kept).toEqual([]);
  buffer.tick(7000);
  expect(kept.map(({ spans }) => spans)).toEqual([['span 1', 'root 1']]);
  buffer.tick(29_999);
  expect(buffer.pendingTraces).toBe(1);
  buffer.tick(30_000);
  expect(kept.at(1)?.spans).toEqual(['span 2']);
  expect(buffer.counts.decided).toEqual({ root: 1, wait: 1, budget: 0, size: 0, error: 0, match: 0, stop: 0 });
  expect(buffer.counts.keptSpans).toBe(3);
});

test('keeps a root that comes late in the wait no longer than the wait', () => {
  const { buffer, kept, add } = scene();
  add(0, span(1, HIGH));
  add(29_000, root(1, HIGH));
  buffer.tick(30_000);
  expect(kept).toHaveLength(1);
  buffer.tick(100_000);
  expect(kept).toHaveLength(1);
  expect(buffer.counts.decided).toEqual({ root: 0, wait: 1, budget: 0, size: 0, error: 0, match: 0, stop: 0 });
});

test('keeps by the lowest threshold and says so on every span', () => {
  const check = (spans: TestSpan[], policy: string | undefined, state?: string): void => {
    const { buffer, kept, add } = scene();
    add(0, ...spans);
    buffer.decideAll(1e9);
    expect(kept[0]?.policy).toBe(policy);
    for (const each of kept[0]?.states ?? []) expect(each).toBe(state);
    expect(kept[0]?.spans.length ?? 0).toBe(policy === undefined ? 0 : spans.length);
  };
  const slow = { endNs: 2_000_000_001n };
  check([root(1, HIGH)], 'share', 'ot=th:8');
  check([root(1, LOW)], undefined);
  check([root(1, LOW), span(1, LOW, { statusCode: 2 })], 'errors', 'ot=th:0');
  check([root(1, HIGH), span(1, HIGH, { statusCode: 2 })], 'errors', 'ot=th:0');
  check([root(1, LOW, slow), span(1, LOW)], 'slow', 'ot=th:0');
  check([root(1, LOW), span(1, LOW, { ...slow, kind: 5 })], 'slow', 'ot=th:0');
  check([root(1, LOW), span(1, LOW, { ...slow, kind: 3 })], undefined);
  check([root(1, LOW, { endNs: 2_000_000_000n })], undefined);
});

test('lets explicit randomness decide for the whole trace', () => {
  const { buffer, kept, add } = scene();
  add(0, root(1, LOW, { traceState: 'ot=rv:f0000000000000' }), span(1, LOW, { traceState: 'ot=rv:f0000000000000' }));
  add(0, root(2, HIGH, { traceState: 'ot=rv:10000000000000' }));
  buffer.decideAll(1e9);
  expect(kept.map(({ spans }) => spans)).toEqual([['root 1', 'span 1']]);
  expect(kept[0]?.states).toEqual(['ot=th:8;rv:f0000000000000', 'ot=th:8;rv:f0000000000000']);
});

test('claims no threshold for sources that may leave spans out, and erases one that cannot be true', () => {
  const { buffer, kept, add } = scene();
  const other = { service: 'other' };
  add(
    0,
    root(1, HIGH, other),
    span(1, HIGH, { ...other, traceState: 'a=1' }),
    span(1, HIGH, { ...other, traceState: 'ot=th:4' }),
    span(1, HIGH, { ...other, traceState: 'ot=th:88' }),
    span(1, HIGH, { ...other, traceState: 'ot=th:c,b=2' }),
    span(1, HIGH, { ...other, traceState: 'ot=th:c' }),
  );
  buffer.decideAll(1e9);
  expect(kept[0]?.states).toEqual([undefined, 'a=1', 'ot=th:8', 'ot=th:88', 'b=2', undefined]);
  expect(buffer.counts.unknownThresholds).toBe(2);
  expect(buffer.counts.inconsistentThresholds).toBe(2);
  expect([...buffer.unknown.byService]).toEqual([['other', 2]]);
});

test('lets late spans follow the decision, and starts anew once it is forgotten', () => {
  const { buffer, kept, add, intake } = scene({ maxDecisions: 2 });
  add(0, root(1, HIGH), root(2, LOW));
  buffer.tick(6000);
  add(7000, span(1, HIGH), span(2, LOW, { statusCode: 2 }), span(2, LOW));
  expect(kept.map(({ spans, late, policy }) => ({ spans, late, policy }))).toEqual([
    { spans: ['root 1'], late: false, policy: 'share' },
    { spans: ['span 1'], late: true, policy: 'share' },
  ]);
  expect(kept[1]?.states).toEqual(['ot=th:8']);
  expect(buffer.counts).toMatchObject({
    lateKeptSpans: 1,
    lateDroppedSpans: 2,
    lateErrors: 1,
    keptSpans: 2,
    notSampledSpans: 1,
  });
  expect(intake.arena.liveBytes).toBe(0);
  add(8000, root(3, LOW), root(4, LOW));
  buffer.tick(20_000);
  add(20_000, span(2, LOW, { statusCode: 2 }));
  expect(buffer.pendingTraces).toBe(1);
  buffer.decideAll(1e9);
  expect(kept.at(-1)).toMatchObject({ spans: ['span 2'], policy: 'errors', late: false });
});

test('does not let a reused slot be decided by the deadline of the trace before it', () => {
  const { buffer, kept, add } = scene({ afterRootMs: 1000 });
  add(0, root(1, HIGH));
  buffer.tick(1000);
  // Takes the slot of trace 1, whose entry in the other queue is still waiting for 30 s.
  add(25_000, span(2, HIGH));
  buffer.tick(30_000);
  expect(kept).toHaveLength(1);
  buffer.tick(54_999);
  expect(kept).toHaveLength(1);
  buffer.tick(55_000);
  expect(kept).toHaveLength(2);
});

test('decides the oldest traces early once the byte budget is reached', () => {
  const maxPendingBytes = 9 * 1024 * 1024;
  const { buffer, kept, add } = scene({ maxPendingBytes, maxDecisions: 100_000 });
  const traces = traffic({ seed: 3, traces: 1200, maxSpans: 30 });
  let spans = 0;
  traces.forEach((trace, t) => {
    add(t, ...trace);
    spans += trace.length;
    expect(buffer.usedBytes).toBeLessThanOrEqual(maxPendingBytes);
  });
  expect(buffer.counts.decided.budget).toBeGreaterThan(100);
  // Oldest first: what still waits are the last traces.
  const early = buffer.counts.decided.budget;
  expect(buffer.pendingTraces).toBe(1200 - early);
  const last = traces.at(-1)?.[0];
  if (last === undefined) throw new Error('no trace');
  add(5000, { ...last, name: 'late or not' });
  expect(buffer.counts.lateKeptSpans + buffer.counts.lateDroppedSpans).toBe(0);
  buffer.decideAll(1e9);
  expect(kept.reduce((sum, trace) => sum + trace.spans.length, 0)).toBe(buffer.counts.keptSpans);
  expect(buffer.counts.keptSpans + buffer.counts.notSampledSpans).toBe(spans + 1);
});

test('decides no more of the oldest early than makes room, also where hard caps hold them', () => {
  const maxPendingBytes = 9 * 1024 * 1024;
  const sampler = testSampler([{ name: 'all', type: 'probabilistic', ratio: 1 }]);
  const hardCaps = { spansPerSecond: 1_000_000, bytesPerSecond: undefined };
  const { buffer, add } = scene({ sampler, hardCaps, maxPendingBytes, maxDecisions: 100_000 });
  const traces = traffic({ seed: 3, traces: 3000, maxSpans: 30 });
  let added = 0;
  while (buffer.counts.decided.budget === 0) add(added, ...(traces[added++] ?? expect.fail('never over the budget')));
  expect(buffer.usedBytes).toBeLessThanOrEqual(maxPendingBytes);
  const { budget } = buffer.counts.decided;
  expect(buffer.pendingTraces).toBe(added - budget);
  expect(budget).toBeLessThan(added * 0.6);
  traces.slice(0, added).forEach(([first], t) => {
    const [a = 0, b = 0, c = 0, d = 0] = [0, 4, 8, 12].map((at) => first?.traceId.readUInt32BE(at));
    expect(buffer.ledger.find(a, b, c, d) >= 0, `trace ${t} of ${added}`).toBe(t < budget);
  });
});

test('takes no more matchers, those of a shadow included, than a trace has bits', () => {
  const many = (first: number): Sampler =>
    testSampler(
      Array.from({ length: 16 }, (_, i) => ({ name: `p${i}`, type: 'service', names: [`service ${first + i}`] })),
    );
  expect(() => scene({ sampler: many(0), shadow: many(16) })).toThrow(/bits/);
});

test('empties segments that few long traces pin, and their spans stay whole', () => {
  const maxPendingBytes = 24 * 1024 * 1024;
  const sampler = testSampler([{ name: 'errors', type: 'status' }]);
  const { buffer, kept, add, intake } = scene({ maxPendingBytes, sampler, afterRootMs: 1, maxDecisions: 1_000_000 });
  const random = seeded(4);
  const filler = Buffer.from(bodyOf(traffic({ seed: 5, traces: 200, maxSpans: 40, errorRatio: 0 }).flat()));
  const places = traceIdPlaces(filler);
  for (let i = 0; i < 60; i++) {
    // Fillers are dropped right after their root; one long trace waits for 30 s with a span in every segment.
    for (const place of places) filler.writeUInt32BE(i + 1, place);
    expect(intake.take([filler], filler.length, i, i)).toBe('accepted');
    buffer.add(intake.batch, i * 10);
    add(i * 10, span(1, HIGH, { name: `long ${i} ${pick(random, 1e9)}`, statusCode: 2 }));
    buffer.tick(i * 10 + 5);
    expect(buffer.usedBytes).toBeLessThanOrEqual(maxPendingBytes);
  }
  expect(buffer.counts.decided.budget).toBe(0);
  expect(buffer.pendingTraces).toBe(1);
  buffer.decideAll(1e9);
  const ofLong = kept.filter(({ traceId }) => traceId.startsWith('010101')).flatMap(({ spans }) => spans);
  expect(ofLong).toHaveLength(60);
  expect(ofLong.every((name, i) => name.startsWith(`long ${i} `))).toBe(true);
  expect(intake.arena.liveBytes).toBe(0);
});

test('hands over a trace larger than a batch in one piece', () => {
  const { buffer, kept, add, intake } = scene();
  for (let i = 0; i < 100; i++) add(i, ...Array.from({ length: 100 }, () => span(1, HIGH)));
  add(100, root(2, HIGH));
  buffer.decideAll(1e9);
  expect(kept.map(({ spans }) => spans.length).sort((a, b) => b - a)).toEqual([10_000, 1]);
  expect(intake.arena.liveBytes).toBe(0);
  expect(intake.contexts.slots.every((context) => context?.references === 0)).toBe(true);
});

test('decides everything at the end and holds nothing after', () => {
  const { buffer, kept, add, intake } = scene();
  const traces = traffic({ seed: 6, traces: 1000, maxSpans: 5 });
  for (const trace of traces) add(0, ...trace);
  buffer.decideAll(1e9);
  expect(buffer.counts.decided).toEqual({ root: 0, wait: 0, budget: 0, size: 0, error: 0, match: 0, stop: 1000 });
  expect([buffer.pendingSpans, buffer.pendingTraces, intake.arena.liveBytes]).toEqual([0, 0, 0]);
  expect(buffer.counts.keptSpans + buffer.counts.notSampledSpans).toBe(traces.flat().length);
  expect(kept.length).toBeGreaterThan(400);
  buffer.decideAll(1e9);
  buffer.tick(1e9);
  expect(buffer.counts.decided.stop).toBe(1000);
});

test('balances its books under random traffic: in = kept + dropped + pending', () => {
  const random = seeded(7);
  const { buffer, add } = scene({
    maxPendingBytes: 5 * 1024 * 1024,
    afterRootMs: 50,
    decisionWaitMs: 200,
    maxDecisions: 300,
  });
  const spans = traffic({ seed: 8, traces: 1500, maxSpans: 12, attributes: 4, rich: true }).flat();
  let taken = 0;
  for (let i = 0, nowMs = 0; i < spans.length; nowMs += pick(random, 20)) {
    const part = Array.from(
      { length: 1 + pick(random, 60) },
      () => spans[Math.min(spans.length - 1, i++ + pick(random, 40))],
    );
    const present = part.flatMap((each) => each ?? []);
    add(nowMs, ...present);
    taken += present.length;
    if (random() < 0.3) buffer.tick(nowMs);
    const { keptSpans, notSampledSpans, lateDroppedSpans } = buffer.counts;
    expect(keptSpans + notSampledSpans + lateDroppedSpans + buffer.pendingSpans).toBe(taken);
  }
});
