// The stage over restarts, and with channels that are dead.
import { describe, expect, it } from 'vitest';
import type { AlertSnapshot } from '../../../collector/src/alert/contract.ts';
import type { AlertStage } from '../../../collector/src/alert/stage.ts';
import { alertRig, hookServer } from '../../support/alert-rig.ts';
import { eventually } from '../../support/eventually.ts';
import { closedPort } from '../../support/exporter-rig.ts';
import { violation, violationGroup } from '../../support/violations.ts';

/** What was kept last, as a file would give it back. */
function keeper(): { wire(stage: AlertStage): void; kept(): unknown } {
  let text = '';
  return {
    wire: (stage) => {
      stage.save = async (snapshot) => void (text = JSON.stringify(snapshot()));
    },
    kept: () => JSON.parse(text),
  };
}

describe('after kill -9', () => {
  it('tells nobody twice, and goes on with what was open', async () => {
    const hook = await hookServer();
    const config = { channels: { ops: { type: 'webhook', url: hook.url } } };
    const { wire, kept } = keeper();
    const before = await alertRig(config, wire);
    await before.take(violationGroup('critical'));
    await before.settled();
    before.stage.acknowledge('g1', 'ada');
    await before.settled();
    const matchers = { alert: 'g2', attributes: {}, kinds: ['hang' as const], severities: [] };
    const silence = { ...matchers, comment: '', by: 'ada', forMs: 60_000 };
    before.stage.silence(silence);
    before.stage.rate('g1', false, 'ben');
    await eventually('all to be kept', () => (kept() as AlertSnapshot).feedback?.length === 1);
    expect(hook.posted).toHaveLength(2);

    const snapshot = kept();
    const after = await alertRig(config, async (stage) => expect(await stage.restore(snapshot)).toBe(true));
    await after.take(violationGroup('critical'));
    await after.settled();
    expect(hook.posted).toHaveLength(2);
    expect(after.stage.alerts()).toMatchObject([{ id: 'g1', state: 'firing', acknowledged: { by: 'ada' } }]);
    expect(after.stage.silences()).toMatchObject([{ alert: 'g2', kinds: ['hang'], by: 'ada' }]);
    expect(after.stage.feedback()).toMatchObject([{ name: 'orders POST /orders', useful: 0, useless: 1 }]);
    await after.take(violationGroup('none'));
    const [, , last] = await hook.received(3);
    expect(JSON.parse(last?.body ?? '')).toMatchObject({ occasion: 'resolved' });
    const ids = hook.posted.map(({ headers }) => headers['evenkeel-notification']);
    expect(new Set(ids).size).toBe(3);
  });

  it('reads what was kept before answers were counted', async () => {
    const { wire, kept } = keeper();
    await (await alertRig({}, wire)).take(violationGroup('critical'));
    const { feedback: _, ...earlier } = kept() as AlertSnapshot;
    const after = await alertRig({}, async (stage) => expect(await stage.restore(earlier)).toBe(true));
    expect([after.stage.alerts().length, after.stage.feedback()]).toEqual([1, []]);
  });

  it('tells what no channel had been told yet', async () => {
    const hook = await hookServer();
    hook.answer(503);
    const config = { channels: { ops: { type: 'webhook', url: hook.url } } };
    const { wire, kept } = keeper();
    const before = await alertRig(config, wire);
    await before.take(violationGroup('critical'));
    await eventually('the attempt to be in vain', () => before.log.some((line) => line.includes('CHANNEL_ops')));
    const snapshot = kept();
    hook.answer(200);
    await alertRig(config, async (stage) => void (await stage.restore(snapshot)));
    const [, second] = await hook.received(2);
    expect(JSON.parse(second?.body ?? '')).toMatchObject({ occasion: 'firing', group: { id: 'g1' } });
  });

  it('goes on counting what a channel was told lately', async () => {
    const hook = await hookServer();
    const channels = { ops: { type: 'webhook', url: hook.url } };
    const config = { channels, max_notifications: { count: 1, per: '1h' } };
    const { wire, kept } = keeper();
    const before = await alertRig(config, wire);
    await before.take(violationGroup('critical'));
    await before.settled();
    const after = await alertRig(config, async (stage) => void (await stage.restore(kept())));
    await after.take(violationGroup('critical', { id: 'g2' }));
    await after.settled();
    expect(after.counts('notifications')).toEqual({ 'log/delivered': 1, 'ops/rate_limited': 1 });
  });

  it('begins anew where what was kept cannot be read', async () => {
    const { take, settled, log, counts } = await alertRig({}, async (stage) => {
      expect(await stage.restore({ version: 2 })).toBe(false);
      expect(await stage.restore(undefined)).toBe(false);
    });
    await take(violationGroup('critical'));
    await settled();
    expect(counts('notifications')).toEqual({ 'log/delivered': 1 });
    expect(log.some((line) => line.includes('RESTORE'))).toBe(true);
  });

  it('knows endless numbers again, which JSON has no word for', async () => {
    const { wire, kept } = keeper();
    const before = await alertRig({}, wire);
    const plain = violation();
    const explanation = { ...plain.explanation, oneInDays: Infinity };
    const endless = { ...plain, ratio: { value: Infinity, low: 3, high: Infinity }, explanation };
    await before.take(violationGroup('critical', { members: [endless] }));
    await before.settled();
    const after = await alertRig({}, async (stage) => expect(await stage.restore(kept())).toBe(true));
    expect(after.stage.alerts()).toEqual(before.stage.alerts());
  });
});

it('keeps what it knows once more, however much changes while it is being kept', async () => {
  const kept: number[] = [];
  let finish: () => void = () => {};
  const { stage } = await alertRig({ channels: { log: false } }, (each) => {
    each.save = (snapshot) => {
      kept.push(snapshot().alerts.length);
      return new Promise((resolve) => (finish = resolve));
    };
  });
  for (const id of ['g1', 'g2', 'g3', 'g4']) await stage.consume(violationGroup('critical', { id }));
  expect(kept).toEqual([1]);
  finish();
  await eventually('it to be kept again', () => kept.length === 2);
  expect(kept).toEqual([1, 4]);
  finish();
  stage.save = async () => {};
});

describe('a channel that is dead', () => {
  it('holds up no other, and is told when it is back', async () => {
    const [hook, dead] = [await hookServer(), await hookServer()];
    dead.answer(0);
    const channels = { dead: { type: 'webhook', url: dead.url }, ops: { type: 'webhook', url: hook.url } };
    const { take, clock, read, counts } = await alertRig({ channels });
    for (const id of ['g1', 'g2', 'g3']) await take(violationGroup('critical', { id }));
    await hook.received(3);
    expect(read('queued', { channel: 'dead' })).toBe(3);
    dead.answer(200);
    await eventually('the dead one to be told', () => {
      clock.advance(10_000);
      return read('queued', { channel: 'dead' }) === 0;
    });
    expect(counts('notifications')).toMatchObject({ 'dead/delivered': 3, 'ops/delivered': 3 });
  });

  it('does not keep the sidecar from ending', async () => {
    const url = `http://127.0.0.1:${await closedPort()}`;
    const { take, stop, stage, log } = await alertRig({ channels: { dead: { type: 'webhook', url } } });
    await take(violationGroup('critical'));
    await stop();
    expect(log.some((line) => line.includes('STOP_dead'))).toBe(true);
    expect(stage.snapshot().channels['dead']?.queue).toHaveLength(1);
  });
});

it('ends before it began, and twice', async () => {
  const { stage, stop } = await alertRig({});
  await stop();
  await stop();
  await stage.consume(violationGroup('critical'));
  expect(stage.alerts()).toMatchObject([{ state: 'pending' }]);
});
