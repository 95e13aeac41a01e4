import { expect, test } from 'vitest';
import { sampleConfig } from '../../../collector/src/sample/config.ts';
import type { KeptBatch } from '../../../collector/src/sample/contract.ts';
import { SampleStage } from '../../../collector/src/sample/stage.ts';
import { testIntake } from '../../support/intake.ts';
import { testHost } from '../../support/surroundings.ts';
import { bodyOf, type TestSpan, traffic } from '../../support/traffic.ts';

function staged(config: object = {}): {
  stage: SampleStage;
  host: ReturnType<typeof testHost>;
  kept: { spans: number; policies: string[] }[];
  take(spans: TestSpan[]): Promise<void>;
} {
  const host = testHost();
  const kept: { spans: number; policies: string[] }[] = [];
  const next = {
    consume: async (batch: KeptBatch) => void kept.push({ spans: batch.spanCount, policies: [...batch.policies] }),
  };
  const stage = new SampleStage(sampleConfig.parse(config), host, next);
  const intake = testIntake();
  return {
    stage,
    host,
    kept,
    async take(spans) {
      const body = bodyOf(spans);
      expect(intake.take([body], body.length, host.clock.nowMs(), host.clock.monotonicMs())).toBe('accepted');
      await stage.consume(intake.batch);
    },
  };
}

/** Sums counters whose name begins so. */
function sum(values: Map<string, number>, name: string): number {
  return [...values].filter(([key]) => key.startsWith(name)).reduce((total, [, value]) => total + value, 0);
}

test('balances its books at every moment: taken = kept + dropped + pending', async () => {
  const { stage, host, take } = staged({ decision_wait: '2s', after_root: '1s', max_pending: '5MiB' });
  await stage.start();
  let taken = 0;
  const spans = traffic({ seed: 1, traces: 800, maxSpans: 30, attributes: 4, rich: true }).flat();
  for (let i = 0; i < spans.length; i += 100) {
    const part = spans.slice(i, i + 100);
    await take(part);
    taken += part.length;
    host.clock.advance(70);
    const { values } = host;
    expect(
      sum(values, 'kept') - sum(values, 'kept_traces') + sum(values, 'dropped') + (values.get('pending') ?? 0),
    ).toBe(taken);
  }
  await stage.stop();
  expect(host.values.get('pending')).toBe(0);
  expect(host.values.get('pending_traces')).toBe(0);
  expect((host.values.get('kept') ?? 0) + sum(host.values, 'dropped')).toBe(taken);
});

test('decides by the clock, and everything that waits at stop', async () => {
  const { stage, host, kept, take } = staged({ policies: [{ name: 'all', type: 'probabilistic', ratio: 1 }] });
  await stage.start();
  const [first = [], second = []] = traffic({ seed: 2, traces: 2, maxSpans: 9 });
  await take(first);
  host.clock.advance(5900);
  expect(kept).toEqual([]);
  host.clock.advance(300);
  expect(kept).toEqual([{ spans: first.length, policies: ['all'] }]);
  await take(second);
  await stage.stop();
  expect(kept.at(-1)).toEqual({ spans: second.length, policies: ['all'] });
  await stage.stop();
  host.clock.advance(60_000);
  expect(kept).toHaveLength(2);
  expect(host.values.get('traces{cause=root}')).toBe(1);
  expect(host.values.get('traces{cause=stop}')).toBe(1);
});

test('may be stopped before it was started', async () => {
  const { stage, host } = staged();
  await stage.stop();
  expect(host.values.size).toBe(0);
});

test('names a service without thresholds once, and counts its spans', async () => {
  const { stage, host, take } = staged({ policies: [{ name: 'all', type: 'probabilistic', ratio: 1 }] });
  const traces = traffic({ seed: 3, traces: 20, maxSpans: 3, services: 1 });
  for (const trace of traces) await take(trace);
  await stage.stop();
  const spans = traces.flat().length;
  expect(host.values.get('threshold_unknown')).toBe(spans);
  expect(stage.unknownThresholds()).toEqual([{ service: 'service-0', spans }]);
  expect(host.logged).toHaveLength(1);
  expect(host.logged[0]).toMatch(/^warning THRESHOLD_UNKNOWN "service-0" .* sources\.unsampled$/);
});
