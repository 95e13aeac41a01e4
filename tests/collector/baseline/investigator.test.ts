import { setImmediate as turns } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type Finding, Investigator, type TraceSource } from '../../../collector/src/baseline/investigator.ts';
import type { KeptTrace } from '../../../collector/src/baseline/trace-tree.ts';
import { ManualClock } from '../../support/clock.ts';
import { called, query, traceOf } from '../../support/plain-traces.ts';

const SUBJECT = {
  key: 'orders',
  name: 'shop GET /orders',
  attributes: { 'service.name': 'shop', 'span.name': 'GET /orders', 'span.kind': 'SPAN_KIND_SERVER' },
};

/** Kept traces by when they began; a query of ten milliseconds takes sixty from the onset on. */
function ring(onsetMs: number): { readonly source: TraceSource; readonly asked: [number, number][] } {
  const traces: KeptTrace[] = Array.from({ length: 40 }, (_, i) => {
    const startMs = onsetMs + (i - 20) * 1000;
    const takes = (startMs < onsetMs ? 10 : 60) + (i % 5);
    return traceOf(`t${i}`, called('shop GET /orders server', 5, query('SELECT orders', takes)), startMs);
  });
  const asked: [number, number][] = [];
  const between: TraceSource['between'] = async (_, fromMs, toMs, limit) => {
    asked.push([fromMs - onsetMs, toMs - onsetMs]);
    return traces.filter(({ spans: [root] }) => root.startMs >= fromMs && root.startMs < toMs).slice(0, limit);
  };
  return { source: { between }, asked };
}

describe('a violation', () => {
  it('is looked into with traces of before and of now, and names the child that explains it', async () => {
    const clock = new ManualClock();
    const onsetMs = clock.nowMs() - 20_000;
    const { source, asked } = ring(onsetMs);
    const found: Finding[] = [];
    new Investigator(clock, source).begin(SUBJECT, 'latency', onsetMs, (finding) => found.push(finding) < 2);
    clock.advance(2000);
    await turns();
    expect(found).toEqual([]);
    clock.advance(1000);
    await turns();
    expect(asked).toEqual([
      [0, 23_000],
      [-1_800_000, 0],
    ]);
    expect(found[0].bottleneck).toMatchObject({ operation: expect.stringContaining('SELECT orders') as string });
    expect(found[0].bottleneck?.share).toBeGreaterThan(0.9);
    expect(found[0].traceIds.length).toBeGreaterThanOrEqual(3);
  });

  it('is looked into as long as it is open, and no longer', async () => {
    const clock = new ManualClock();
    const { source, asked } = ring(clock.nowMs());
    let looks = 0;
    new Investigator(clock, source).begin(SUBJECT, 'latency', clock.nowMs(), () => ++looks < 2);
    for (let s = 0; s < 600; s += 5) {
      clock.advance(5000);
      await turns();
    }
    expect(looks).toBe(2);
    expect(asked).toHaveLength(4);
  });

  it('is looked into again where the store had no answer', async () => {
    const clock = new ManualClock();
    const { source } = ring(clock.nowMs());
    let isAway = true;
    const found: Finding[] = [];
    const flaky: TraceSource = {
      between: (...question) => (isAway ? Promise.reject(new Error('the store is busy')) : source.between(...question)),
    };
    new Investigator(clock, flaky).begin(SUBJECT, 'latency', clock.nowMs(), (finding) => found.push(finding) < 1);
    clock.advance(15_000);
    await turns();
    isAway = false;
    clock.advance(30_000);
    await turns();
    expect(found).toHaveLength(1);
  });

  it('is not looked into after the stage has stopped', async () => {
    const clock = new ManualClock();
    const { source, asked } = ring(clock.nowMs());
    const investigator = new Investigator(clock, source);
    investigator.begin(SUBJECT, 'latency', clock.nowMs(), () => true);
    investigator.stop();
    clock.advance(400_000);
    await turns();
    expect(asked).toEqual([]);
  });
});
