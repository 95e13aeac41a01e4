// What becomes of traces that kept traces link to.
import { expect, test } from 'vitest';
import { LINKED_BYTES } from '../../../collector/src/sample/linked-traces.ts';
import { MAX_AWAITED, MAX_LINKS } from '../../../collector/src/sample/links.ts';
import { testSampler } from '../../support/sampler.ts';
import { HIGH, linksTo, LOW, root, scene, span } from '../../support/trace-scene.ts';
import type { TestSpan } from '../../support/traffic.ts';

const NONE = { followed: 0, already_kept: 0, unresolved: 0, unseen: 0, over_limit: 0 };

const idOf = (n: number, randomness = LOW): Buffer => root(n, randomness).traceId;

/** A trace that the policies drop, after a root that does not hurry it. */
const waiting = (n: number, change: Partial<TestSpan> = {}): TestSpan => span(n, LOW, change);

test('keeps a waiting trace that a kept one links to, with what comes late, and erases its thresholds', () => {
  const { buffer, kept, add, intake } = scene();
  add(0, root(1, HIGH, linksTo(idOf(2))), waiting(2), waiting(2, { traceState: 'ot=th:08' }), waiting(3));
  buffer.tick(6000);
  expect(kept.map(({ policy, spans }) => [policy, spans])).toEqual([['share', ['root 1']]]);
  buffer.tick(30_000);
  add(31_000, waiting(2, { name: 'late' }));
  expect(kept.slice(1)).toMatchObject([
    { policy: 'link', spans: ['span 2', 'span 2'], states: [undefined, undefined], late: false },
    { policy: 'link', spans: ['late'], states: [undefined], late: true },
  ]);
  expect(buffer.counts.links).toEqual({ ...NONE, followed: 1 });
  expect([...buffer.counts.keptTraces]).toEqual([
    ['share', 1],
    ['link', 1],
  ]);
  expect(buffer.counts.notSampledSpans).toBe(1);
  expect(intake.arena.liveBytes).toBe(0);
});

test('leaves traces kept for a link out of estimates, and those that chance kept in', () => {
  const { buffer, add } = scene();
  add(0, root(1, HIGH, linksTo(idOf(2), idOf(3, HIGH))), waiting(2), span(3, HIGH));
  buffer.decideAll(30_000);
  expect(buffer.counts.links.followed).toBe(2);
  expect(buffer.estimate.read(30_000)).toMatchObject({ exact: 3, estimate: 4 });
});

test('counts each link by what became of it, and none to the own trace', () => {
  const { buffer, add } = scene();
  add(0, root(1, HIGH), root(2, LOW));
  buffer.tick(6000);
  const links = linksTo(idOf(1, HIGH), idOf(2), idOf(3), idOf(3), idOf(4), idOf(5), idOf(5), idOf(9, HIGH));
  add(7000, waiting(3), root(9, HIGH, links));
  buffer.tick(13_000);
  // The links to what waits or has not come are open.
  expect(buffer.counts.links).toEqual({ ...NONE, already_kept: 1, unresolved: 1 });
  add(42_999, waiting(5));
  buffer.tick(43_000);
  expect(buffer.counts.links).toEqual({ ...NONE, already_kept: 1, unresolved: 1, followed: 2, unseen: 1 });
  buffer.tick(80_000);
  expect(buffer.counts.links).toEqual({ ...NONE, already_kept: 1, unresolved: 1, followed: 4, unseen: 1 });
});

test('gives linked traces up that do not come in time, and treats them as any other then', () => {
  const { buffer, kept, add } = scene();
  add(0, root(1, HIGH, linksTo(idOf(2))));
  buffer.tick(6000);
  buffer.tick(36_000);
  add(36_001, root(2, LOW));
  buffer.decideAll(50_000);
  expect(kept).toHaveLength(1);
  expect(buffer.counts.links).toEqual({ ...NONE, unseen: 1 });
});

test('awaits a trace anew with each link to it', () => {
  const { buffer, kept, add } = scene();
  add(0, root(1, HIGH, linksTo(idOf(3))));
  add(20_000, root(2, HIGH, linksTo(idOf(3))));
  buffer.tick(6000);
  buffer.tick(26_000);
  buffer.tick(36_000);
  add(55_999, root(3, LOW));
  buffer.decideAll(70_000);
  expect(kept.map(({ policy }) => policy)).toEqual(['share', 'share', 'link']);
  expect(buffer.counts.links).toEqual({ ...NONE, followed: 2 });
});

test('follows links of late spans of a trace kept by its own right, not of one kept for a link', () => {
  const { buffer, kept, add } = scene();
  add(0, root(1, HIGH, linksTo(idOf(2))), root(2, LOW, { parentSpanId: Buffer.alloc(8, 9) }));
  buffer.tick(6000);
  buffer.tick(30_000);
  add(31_000, waiting(3), waiting(4), span(1, HIGH, linksTo(idOf(3))), waiting(2, linksTo(idOf(4))));
  buffer.decideAll(70_000);
  expect(kept.filter(({ policy, late }) => policy === 'link' && !late).map(({ spans }) => spans)).toEqual([
    ['root 2'],
    ['span 3'],
  ]);
});

test('does not keep a trace for the link to one whose slot it takes', () => {
  const { buffer, kept, add } = scene();
  add(0, root(1, HIGH, linksTo(idOf(2))), waiting(2));
  buffer.decideAll(0);
  expect(kept).toHaveLength(2);
  // Slots are taken round and round; there are 2048 as long as few are in use.
  for (let round = 1; round <= 5; round++) {
    const others = Array.from({ length: 500 }, (_, i) => {
      const traceId = Buffer.alloc(16, LOW);
      traceId.writeUInt32BE(round * 1000 + i);
      return waiting(3, { traceId });
    });
    add(round, ...others);
    buffer.decideAll(round);
  }
  expect(buffer.counts.notSampledSpans).toBe(2500);
});

test('counts a link as unresolved where an explicit drop wins', () => {
  const drop = { name: 'probes', type: 'drop', when: { type: 'operation', names: ['probe'] } };
  const sampler = testSampler([drop, { name: 'share', type: 'probabilistic', ratio: 0.5 }]);
  const { buffer, kept, add } = scene({ sampler });
  add(0, root(1, HIGH, linksTo(idOf(2))), waiting(2, { kind: 2, name: 'probe' }));
  buffer.tick(6000);
  buffer.decideAll(30_000);
  expect(kept).toHaveLength(1);
  expect(buffer.counts).toMatchObject({ links: { ...NONE, unresolved: 1 }, droppedSpans: 1 });
});

test('keeps what is linked beyond hard caps, also where both are held for the same second', () => {
  const sampler = testSampler([{ name: 'all', type: 'probabilistic', ratio: 1 }]);
  const { buffer, kept, add } = scene({ sampler, hardCaps: { spansPerSecond: 4, bytesPerSecond: undefined } });
  // The best randomness links to the worst, which the cap would leave out.
  const many = Array.from({ length: 50 }, (_, i) => root(i + 1, i + 1));
  add(0, ...many, root(60, 0xff, linksTo(idOf(1, 1))));
  buffer.tick(6000);
  expect(kept).toEqual([]);
  buffer.tick(7000);
  const linked = kept.filter(({ policy }) => policy === 'link');
  expect(linked).toMatchObject([{ spans: ['root 1'], states: [undefined] }]);
  expect(kept.length).toBeLessThanOrEqual(5);
  expect(buffer.counts.cappedTraces).toBe(51 - kept.length);
});

test('follows so many links of a trace and no more', () => {
  const { buffer, add } = scene();
  const ids = Array.from({ length: MAX_LINKS + 2 }, (_, i) => idOf(i + 2));
  add(0, root(1, HIGH, linksTo(...ids.slice(0, 100))), span(1, HIGH, linksTo(...ids.slice(100))));
  buffer.decideAll(1000);
  expect(buffer.counts.links).toEqual({ ...NONE, unseen: MAX_LINKS, over_limit: 2 });
});

test('awaits so many traces at once and no more, until their time is over', () => {
  const { buffer, add } = scene({ maxDecisions: 100_000 });
  let made = 0;
  const unseen = (): Buffer => {
    const id = Buffer.alloc(16, 0xee);
    id.writeUInt32BE(made++, 4);
    return id;
  };
  const linking = (n: number): TestSpan => root(n, HIGH, linksTo(...Array.from({ length: MAX_LINKS }, unseen)));
  const traces = MAX_AWAITED / MAX_LINKS;
  const before = buffer.usedBytes;
  for (let n = 0; n < traces; n++) add(0, linking(n + 1));
  buffer.tick(6000);
  expect(buffer.counts.links).toEqual(NONE);
  expect(buffer.usedBytes).toBeGreaterThan(before + MAX_AWAITED * 50);
  // What is awaited already takes no more room, and is awaited as long as before.
  const known = Buffer.alloc(16, 0xee);
  known.writeUInt32BE(0, 4);
  add(6000, linking(traces + 1), root(traces + 3, HIGH, linksTo(known)));
  buffer.tick(12_000);
  expect(buffer.counts.links).toEqual({ ...NONE, over_limit: MAX_LINKS });
  buffer.tick(36_000);
  expect(buffer.counts.links).toEqual({ ...NONE, over_limit: MAX_LINKS, unseen: MAX_AWAITED + 1 });
  add(36_000, linking(traces + 2));
  buffer.tick(42_000);
  expect(buffer.counts.links.over_limit).toBe(MAX_LINKS);
});

test('counts what is noted of linked traces to the memory of those that wait', () => {
  const bytesWith = (links: number): number => {
    const { buffer, add } = scene();
    const waits = Array.from({ length: 100 }, (_, i) => waiting(i + 2));
    add(0, root(1, HIGH, linksTo(...waits.slice(0, links).map(({ traceId }) => traceId))), ...waits);
    buffer.tick(6000);
    return buffer.usedBytes;
  };
  expect(bytesWith(100) - bytesWith(0)).toBe(100 * LINKED_BYTES);
});

test('leaves links without effect where that is asked for', () => {
  const { buffer, kept, add } = scene({ links: 'ignore' });
  add(0, root(1, HIGH, linksTo(idOf(2), idOf(3))), waiting(2));
  buffer.decideAll(30_000);
  expect(kept).toHaveLength(1);
  expect(buffer.counts.links).toEqual(NONE);
});
