// Who is told of what when violations turn out to have one cause.
import { setImmediate as turns } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { ViolationGroup } from '../../../collector/src/baseline/contract.ts';
import { baselineInstruments } from '../../../collector/src/baseline/instruments.ts';
import { Saying } from '../../../collector/src/baseline/saying.ts';
import { begun, subjectNamed } from '../../support/causes.ts';
import { keptBatch } from '../../support/kept-batch.ts';
import { called, traceOf } from '../../support/plain-traces.ts';
import { testHost } from '../../support/test-host.ts';
import { testSpan } from '../../support/test-span.ts';

const [WEB, MAIL, PAY] = ['web/GET', 'mail/SEND', 'pay/POST'].map(subjectNamed);

function scene() {
  const { host, clock } = testHost('baseline', baselineInstruments);
  const told: ViolationGroup[] = [];
  const saying = new Saying(host, { consume: async (group) => void told.push(group) });
  return {
    saying,
    clock,
    /** What is told now, in words: severity of a group, its members, and whether it is part of another. */
    async flush(): Promise<string[]> {
      told.length = 0;
      await saying.flush([], clock.nowMs());
      return told.map(({ severity, members, joined }) => {
        const names = members.map(({ subject }) => subject.name).join(' ');
        return `${severity}: ${names}${joined === undefined ? '' : ' joined'}`;
      });
    },
    /** Keeps traces that show calls. */
    async keep(...calls: readonly string[]): Promise<void> {
      for (const call of Array.from({ length: 5 }, () => calls).flat()) {
        const [parent = '', child = ''] = call.split('>');
        const [root, below] = [parent, child].map((each) => {
          const [service = '', name = ''] = each.split('/');
          return testSpan({ service, name });
        });
        await saying.calls.consume(keptBatch([root, { ...below, traceId: root.traceId, parentSpanId: root.spanId }]));
      }
    },
  };
}

describe('violations that turn out to have one cause', () => {
  it('are told of as one from then on, and the end of what joins it comes before', async () => {
    const { saying, flush, keep } = scene();
    await keep('web/GET>pay/POST', 'mail/SEND>pay/POST');
    saying.say(WEB, [begun(0)]);
    saying.say(MAIL, [begun(1)]);
    expect(await flush()).toEqual(['warning: web/GET', 'warning: mail/SEND']);
    saying.say(PAY, [begun(2)]);
    expect(await flush()).toEqual(['none: mail/SEND joined', 'warning: pay/POST web/GET mail/SEND']);
    saying.say(MAIL, [begun(1, 'none')]);
    expect(await flush()).toEqual(['warning: pay/POST web/GET mail/SEND']);
  });

  it('are told of again after a restart whoever found them', async () => {
    const { saying, flush } = scene();
    saying.say(WEB, [{ ...begun(0), kind: 'target' }]);
    expect(await flush()).toEqual(['warning: web/GET']);
    saying.resume(() => undefined, 80_000);
    expect(await flush()).toEqual(['warning: web/GET']);
  });

  it('are told of as one when the traces that are looked into show it', async () => {
    const { saying, clock, flush, keep } = scene();
    await keep('web/GET>web/READ', 'pay/POST>pay/READ');
    const calls = called('web GET server', 5, called('pay POST server', 20));
    saying.investigate({ between: async () => [traceOf('t1', calls, 0), traceOf('t2', calls, 1000)] });
    saying.say(WEB, [begun(0)]);
    saying.say(PAY, [begun(1)]);
    expect(await flush()).toEqual(['warning: web/GET', 'warning: pay/POST']);
    clock.advance(3000);
    await turns();
    expect(await flush()).toEqual(['none: pay/POST joined', 'warning: pay/POST web/GET']);
    saying.stop();
  });
});
