import { expect, it } from 'vitest';
import { alertRig, hookServer } from '../../support/alert-rig.ts';
import { alertmanager } from '../../support/alertmanager.ts';
import { eventually } from '../../support/eventually.ts';
import { violation, violationGroup } from '../../support/violations.ts';

/** What the log was told, without times. */
function said(log: readonly string[]): string[] {
  return log.flatMap((line) => /alert ALERT_\S+: (.*)$/.exec(line)?.[1] ?? []);
}

it('tells the log of everything where nothing is configured', async () => {
  const { take, settled, log, counts } = await alertRig({});
  await take(violationGroup('info'));
  await settled();
  expect(said(log)).toEqual([
    '[info] orders POST /orders: latency 5.2×: POST /orders takes 5.2 times as long as it did.',
  ]);
  expect(counts('notifications')).toEqual({ 'log/delivered': 1 });
  expect(counts('alerts')).toEqual({ 'info/firing': 1 });
  expect(counts('open_violations')).toEqual({ 'info/latency': 1 });
  expect(counts('violations')).toEqual({ latency: 1 });
});

it('tells a webhook of what is bad enough for it, once, and of its end', async () => {
  const hook = await hookServer();
  const { take, settled, counts } = await alertRig({ channels: { ops: { type: 'webhook', url: hook.url } } });
  await take(violationGroup('info'));
  await settled();
  expect(hook.posted).toEqual([]);
  await take(violationGroup('warning'));
  await take(
    violationGroup('warning', { members: [violation({ severity: 'warning' }), violation({ service: 'carts' })] }),
  );
  const [first] = await hook.received(1);
  expect(JSON.parse(first?.body ?? '')).toMatchObject({ occasion: 'firing', severity: 'warning', group: { id: 'g1' } });
  await take(violationGroup('none'));
  const [, second] = await hook.received(2);
  expect(JSON.parse(second?.body ?? '')).toMatchObject({ occasion: 'resolved', severity: 'warning' });
  await settled();
  expect(hook.posted).toHaveLength(2);
  expect(counts('notifications')).toEqual({ 'log/delivered': 3, 'ops/delivered': 2 });
  expect(counts('alerts')).toEqual({ 'critical/resolved': 1 });
});

it('leaves out the milder ones once a channel was told too much, and counts them', async () => {
  const hook = await hookServer();
  const max_notifications = { count: 4, per: '1h' };
  const { take, settled, counts, clock } = await alertRig({
    channels: { ops: { type: 'webhook', url: hook.url } },
    max_notifications,
  });
  for (const id of ['a', 'b', 'c', 'd']) await take(violationGroup('warning', { id }));
  await take(violationGroup('emergency', { id: 'e' }));
  await settled();
  expect(counts('notifications')).toEqual({ 'log/delivered': 5, 'ops/delivered': 4, 'ops/rate_limited': 1 });
  await take(violationGroup('none', { id: 'a' }));
  await take(violationGroup('none', { id: 'd' }));
  await settled();
  expect(counts('notifications')).toMatchObject({ 'ops/delivered': 5, 'ops/rate_limited': 1 });
  clock.advance(3_600_000);
  await take(violationGroup('warning', { id: 'f' }));
  await settled();
  expect(counts('notifications')).toMatchObject({ 'ops/delivered': 6, 'ops/rate_limited': 1 });
});

it('tells what was said, whatever becomes of the group that was handed over', async () => {
  const { stage, settled, clock, log } = await alertRig({});
  const members = [violation()];
  await stage.consume(violationGroup('critical', { members }));
  members.pop();
  clock.advance(5000);
  await settled();
  expect(said(log)).toEqual([expect.stringContaining('latency 5.2×')]);
});

it('is silenced and heard again while it runs', async () => {
  const { stage, take, settled, counts, clock } = await alertRig({});
  const wish = { attributes: { 'service.name': 'orders' }, kinds: [], severities: [], comment: 'deploy', by: 'ada' };
  const silence = stage.silence({ ...wish, forMs: 60_000 });
  await take(violationGroup('critical'));
  await settled();
  expect(stage.alerts()).toMatchObject([{ state: 'firing', heldBy: 'silence', told: {} }]);
  expect([counts('silenced'), counts('notifications')]).toEqual([{ silence: 1 }, {}]);
  expect(stage.silences()).toEqual([silence]);
  clock.advance(55_000);
  await settled();
  expect(stage.silences()).toEqual([]);
  expect(counts('notifications')).toEqual({ 'log/delivered': 1 });

  const other = stage.silence({ ...wish, forMs: 60_000 });
  await take(violationGroup('critical', { id: 'g2' }));
  expect(stage.unsilence(other?.id ?? '', 'ada')).toBe(true);
  await settled();
  expect(counts('notifications')).toEqual({ 'log/delivered': 2 });
  expect(stage.unsilence('configured-1', 'ada')).toBe(false);
});

it('keeps what people say of an alert, and tells whoever shows it', async () => {
  const { stage, take, counts } = await alertRig({});
  let changes = 0;
  stage.changed = () => changes++;
  expect([stage.acknowledge('g1', 'ada'), stage.rate('g1', true, 'ada')]).toEqual([false, false]);
  expect(changes).toBe(0);
  await take(violationGroup('critical'));
  const before = changes;
  expect([stage.acknowledge('g1', 'ada'), stage.rate('g1', false, 'ben')]).toEqual([true, true]);
  expect(changes).toBe(before + 2);
  expect(stage.alerts()).toMatchObject([{ acknowledged: { by: 'ada' }, feedback: { isUseful: false, by: 'ben' } }]);
  expect(counts('feedback')).toEqual({ no: 1 });
});

it('shows on the page what goes on and is bad enough for it', async () => {
  const { stage, take } = await alertRig({ page_min_severity: 'critical' });
  await take(violationGroup('warning', { id: 'mild' }));
  await take(violationGroup('critical', { id: 'bad' }));
  await take(violationGroup('critical', { id: 'over' }));
  await take(violationGroup('none', { id: 'over' }));
  expect(stage.shownAlerts().map(({ id }) => id)).toEqual(['bad']);
  expect(stage.alerts()).toHaveLength(3);
});

it('takes no more alerts than it may know, and counts what it leaves', async () => {
  const { take, read } = await alertRig({ max_alerts: 10 });
  for (let i = 0; i < 12; i++) await take(violationGroup('critical', { id: `g${i}` }));
  expect(read('dropped', { reason: 'max_alerts' })).toBe(2);
  expect(read('alerts', { severity: 'critical', state: 'firing' })).toBe(10);
});

it('sends again to Alertmanager what goes on, which is no news', async () => {
  const server = await alertmanager();
  const { take, settled, clock, counts } = await alertRig({
    channels: { fleet: { type: 'alertmanager', url: server.url } },
  });
  await take(violationGroup('critical'));
  await settled();
  server.setTime(clock.nowMs());
  expect(server.active()).toHaveLength(1);
  for (let minute = 1; minute <= 10; minute++) {
    clock.advance(60_000);
    await eventually('it to be sent again', () => counts('resent')['fleet'] === minute);
    server.setTime(clock.nowMs());
    expect(server.active()).toHaveLength(1);
  }
  await take(violationGroup('none'));
  await settled();
  server.setTime(clock.nowMs());
  expect(server.active()).toEqual([]);
  expect(counts('notifications')).toMatchObject({ 'fleet/delivered': 2 });
});

it('goes on telling where what it knows cannot be kept', async () => {
  const { take, settled, counts, log } = await alertRig({}, (stage) => {
    stage.save = () => Promise.reject(new Error('no disk'));
  });
  await take(violationGroup('critical'));
  await settled();
  expect(counts('notifications')).toEqual({ 'log/delivered': 1 });
  expect(log.some((line) => line.includes('alert SAVE'))).toBe(true);

  const hanging = await alertRig({}, (stage) => {
    stage.save = () => new Promise(() => {});
  });
  await hanging.take(violationGroup('critical'));
  await eventually('it to be told all the same', () => {
    hanging.clock.advance(1000);
    return hanging.counts('notifications')['log/delivered'] === 1;
  });
  // The end keeps it too, on a clock that stands still.
  hanging.stage.save = async () => {};
});
