// What was changed near the onset of a violation, as it becomes known: at once, later, or of a service that is called.
import { setImmediate as turns } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Change } from '../../../collector/src/baseline/contract.ts';
import { baselineInstruments } from '../../../collector/src/baseline/instruments.ts';
import { Releases } from '../../../collector/src/baseline/releases.ts';
import { Saying } from '../../../collector/src/baseline/saying.ts';
import { subjectOf } from '../../../collector/src/baseline/watched.ts';
import { called, traceOf } from '../../support/plain-traces.ts';
import { testHost } from '../../support/test-host.ts';

const SUBJECT = subjectOf('shop', 'GET /orders', 'SPAN_KIND_SERVER');

function scene() {
  const { host, clock } = testHost('baseline', baselineInstruments);
  const told: number[] = [];
  const saying = new Saying(host, { consume: async ({ members }) => void told.push(members.length) });
  onTestFinished(() => saying.stop());
  const releases = new Releases();
  saying.changedNear = (services, onsetMs) => releases.near(services, onsetMs);
  const say = (own: Partial<Change> = {}): void => {
    const ratio = { value: 3, low: 2.5, high: 3.5 };
    const times = { timeMs: clock.nowMs(), onsetMs: clock.nowMs() - 20_000 };
    const plain = { kind: 'latency', severity: 'warning', ratio, nats: 30, calls: 90, quantiles: [] } as const;
    saying.say(SUBJECT, [{ ...times, ...plain, ...own }]);
  };
  const see = (service: string, version: string): void => {
    if (releases.see({ service, version, instance: version, schemaUrl: '' }, clock.nowMs())) saying.lookForChanges();
  };
  const change = (): string | undefined => saying.violations.groups()[0]?.members[0]?.explanation.change;
  return { saying, clock, say, see, change, told };
}

describe('what was changed', () => {
  it('stays while the figures change, and is told of once it is known', async () => {
    const { saying, clock, say, see, change, told } = scene();
    see('shop', '1');
    say();
    expect(change()).toBeUndefined();
    await saying.flush([], clock.nowMs());
    clock.advance(5000);
    see('shop', '2');
    expect(change()).toBe('shop 2 (after 1) first seen 25 s after');
    await saying.flush([], clock.nowMs());
    expect(told).toHaveLength(2);
    clock.advance(900_000);
    say({ severity: 'critical', onsetMs: clock.nowMs() });
    say({ severity: 'none' });
    expect(change()).toBe('shop 2 (after 1) first seen 25 s after');
  });

  it('may be a service that is called, which traces tell', async () => {
    const { saying, clock, say, see, change } = scene();
    see('shop', '1');
    see('payments', '1');
    see('other', '1');
    clock.advance(100_000);
    see('payments', '2');
    see('other', '2');
    clock.advance(60_000);
    const trace = traceOf(
      't',
      called('shop GET /orders server', 5, called('payments charge server', 60)),
      clock.nowMs(),
    );
    saying.investigate({ between: async () => [trace] });
    say();
    expect(change()).toBeUndefined();
    clock.advance(15_000);
    await turns();
    expect(change()).toBe('payments 2 (after 1) first seen 40 s before');
  });
});
