// A stream that is played live: what was sent is what was recorded, at the times a stock SDK sends it.
import { describe, expect, it } from 'vitest';
import { specOf } from '../../../bench/baselines/generate.ts';
import { secondsOf } from '../../../bench/baselines/calls.ts';
import { play } from '../../../bench/live-baselines/play.ts';
import { LAYOUTS, Programs } from '../../../bench/live-baselines/programs.ts';
import { VirtualTime } from '../../../bench/live-baselines/virtual-time.ts';
import { rowsOf, testIntake } from '../../support/intake.ts';

const START_MS = 1_800_000_000_000;

describe('a program of a bench', () => {
  async function sent(calls: readonly { readonly timeMs: number; readonly durationMs: number }[], untilMs: number) {
    const time = new VirtualTime(START_MS);
    const intake = testIntake();
    const bodies: { atMs: number; spans: number[][]; service: string }[] = [];
    await time.asTimers(async () => {
      const programs = new Programs('a service each', 1, time, (body) => {
        intake.take([body], body.length, time.nowMs(), time.monotonicMs());
        const rows = rowsOf(intake.batch);
        const atMs = time.nowMs() - START_MS;
        const spans = rows.map(({ startNs, endNs }) => [Number(startNs / 1000n), Number(endNs / 1000n)]);
        bodies.push({ atMs, spans, service: rows[0]?.service ?? '' });
        return true;
      });
      for (const { timeMs, durationMs } of calls) {
        await time.pass(START_MS + timeMs);
        programs.call({ op: 0, name: 'GET /a', timeMs: START_MS + timeMs, durationMs, isError: false });
      }
      await time.pass(START_MS + untilMs);
    });
    return bodies;
  }

  it('sends spans with the times of its calls, five seconds after the first of them', async () => {
    const [body, ...more] = await sent(
      [
        { timeMs: 1000.25, durationMs: 0.5 },
        { timeMs: 4000, durationMs: 10_000 },
      ],
      20_000,
    );
    const us = (ms: number): number => (START_MS + ms) * 1000;
    expect([body?.spans, body?.service, more]).toEqual([
      [
        [us(999.75), us(1000.25)],
        [us(-6000), us(4000)],
      ],
      'service-0',
      [],
    ]);
    expect(body?.atMs).toBeGreaterThan(6000);
    expect(body?.atMs).toBeLessThan(6050);
  });

  it('sends 512 at once as soon as it has them', async () => {
    const calls = Array.from({ length: 600 }, (_, i) => ({ timeMs: i, durationMs: 1 }));
    const bodies = await sent(calls, 20_000);
    expect(bodies.map(({ spans }) => spans.length)).toEqual([512, 88]);
    expect(bodies[0]?.atMs).toBeLessThan(560);
  });
});

describe('a stream that is played', () => {
  it('comes to the sidecar call by call, in every layout, and ends as scan has it', async () => {
    const whole = specOf('tuning', 'single', 0);
    const spec = { ...whole, baseMs: START_MS, endMs: whole.learnMs };
    let calls = 0;
    for (const second of secondsOf(spec)) calls += second.calls.length;
    for (const layout of LAYOUTS) {
      const { spans } = await play(spec, layout);
      // What ended last has yet to be sent.
      expect(spans.counted).toBeGreaterThan(0.99 * calls);
      expect(spans.counted).toBeLessThanOrEqual(calls);
      expect(spans.late).toBe(0);
    }
  });
});
