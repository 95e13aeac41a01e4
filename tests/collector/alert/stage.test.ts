import { expect, it } from 'vitest';
import { alertRig, hookServer } from '../../support/alert-rig.ts';
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
