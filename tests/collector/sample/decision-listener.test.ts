// What follows decisions, as logs do, is told of each as it is taken, and may ask what is known of a trace.
import { expect, it } from 'vitest';
import { sampleConfig } from '../../../collector/src/sample/config.ts';
import type { DecisionState, KeptBatch } from '../../../collector/src/sample/contract.ts';
import { SampleStage } from '../../../collector/src/sample/stage.ts';
import { hexId } from '../../../collector/src/otlp/trace-id.ts';
import { testIntake } from '../../support/intake.ts';
import { testHost } from '../../support/surroundings.ts';
import { testSpan, traceIdOf } from '../../support/test-span.ts';
import { bodyOf, type TestSpan, traffic } from '../../support/traffic.ts';

function listened(config: object) {
  const host = testHost();
  const kept = new Set<string>();
  const next = {
    consume: async ({ traceIds, traceCount }: KeptBatch) =>
      traceIds.slice(0, traceCount).forEach((traceId) => kept.add(traceId)),
  };
  const stage = new SampleStage(sampleConfig.parse(config), host, next);
  const told: string[] = [];
  stage.decided = (isKept, ...words) => void told.push(`${hexId(...words)} ${isKept ? 'kept' : 'dropped'}`);
  const intake = testIntake();
  return {
    stage,
    kept,
    told,
    clock: host.clock,
    async take(...spans: TestSpan[]): Promise<void> {
      const body = bodyOf(spans);
      intake.take([body], body.length, host.clock.nowMs(), host.clock.monotonicMs());
      await stage.consume(intake.batch);
    },
    stateOf(trace: string): DecisionState {
      const id = traceIdOf(trace);
      return stage.stateOf(id.readUInt32BE(0), id.readUInt32BE(4), id.readUInt32BE(8), id.readUInt32BE(12));
    },
  };
}

it('is told each decision once, whatever took it', async () => {
  const { stage, kept, told, clock, take } = listened({
    policies: [{ name: 'share', type: 'probabilistic', ratio: 0.5 }],
    max_trace_spans: 16,
    max_pending: '5MiB',
    hard_caps: { spans_per_second: 300 },
  });
  await stage.start();
  const traces = traffic({ seed: 3, traces: 300, maxSpans: 30, attributes: 4 });
  for (const spans of traces) {
    await take(...spans);
    clock.advance(50);
  }
  await stage.stop();
  const ids = traces.map(([span]) => span?.traceId.toString('hex') ?? '');
  expect(told.map((each) => each.split(' ', 1)[0]).sort()).toEqual([...new Set(ids)].sort());
  expect(
    told
      .filter((each) => each.endsWith('kept'))
      .map((each) => each.split(' ', 1)[0])
      .sort(),
  ).toEqual([...kept].sort());
  expect(kept.size).toBeGreaterThan(20);
  expect(told.length - kept.size).toBeGreaterThan(20);
});

it('learns whether a trace waits, was kept or dropped, or is not known', async () => {
  const { stage, clock, take, stateOf } = listened({ policies: [{ name: 'errors', type: 'status' }] });
  expect(stateOf('bad')).toBe('unseen');
  await stage.start();
  await take(testSpan({ trace: 'bad', error: true }), testSpan({ trace: 'good' }));
  expect([stateOf('bad'), stateOf('good'), stateOf('other')]).toEqual(['pending', 'pending', 'unseen']);
  clock.advance(7000);
  expect([stateOf('bad'), stateOf('good'), stateOf('other')]).toEqual(['kept', 'dropped', 'unseen']);
});

it('finds a trace pending while hard caps hold it', async () => {
  const { stage, clock, take, stateOf, told } = listened({
    policies: [{ name: 'all', type: 'probabilistic', ratio: 1 }],
    hard_caps: { spans_per_second: 100 },
  });
  await stage.start();
  await take(testSpan({ trace: 'held' }));
  clock.advance(6300);
  expect([stateOf('held'), told.length]).toEqual(['pending', 0]);
  clock.advance(1200);
  expect([stateOf('held'), told.length]).toEqual(['kept', 1]);
});
