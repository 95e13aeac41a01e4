import { expect, it } from 'vitest';
import type { Notification } from '../../../../collector/src/alert/contract.ts';
import { opened } from '../../../support/alert-channels.ts';
import { type Alertmanager, alertmanager } from '../../../support/alertmanager.ts';
import { violation, violationGroup } from '../../../support/violations.ts';

/** Sends notifications one after the other, ten seconds apart. */
async function told(server: Alertmanager, ...all: readonly Partial<Notification>[]): Promise<void> {
  const { send, clock } = opened({ type: 'alertmanager', url: `${server.url}/prefix/`, labels: { team: 'shop' } });
  for (const each of all) {
    expect(await send(each)).toEqual({ outcome: 'delivered' });
    clock.advance(10_000);
    server.setTime(clock.nowMs());
  }
}

it('shows one alert with the labels of its subject', async () => {
  const server = await alertmanager('/prefix');
  await told(server, {});
  expect(server.active()).toEqual([
    expect.objectContaining({
      labels: {
        alertname: 'EvenkeelViolation',
        service: 'orders',
        operation: 'POST /orders',
        severity: 'critical',
        group: 'g1',
        team: 'shop',
      },
      annotations: expect.objectContaining({
        title: '[critical] orders POST /orders: latency 5.2×',
        summary: 'POST /orders takes 5.2 times as long as it did.',
        traces: '0123456789abcdef0123456789abcdef',
      }),
      startsAt: '2027-01-15T07:59:50.000Z',
      generatorURL: 'https://evenkeel.example.com/#/violations/g1',
    }),
  ]);
});

it('shows one alert while it is sent again, gets worse and gains members', async () => {
  const server = await alertmanager('/prefix');
  const joined = violationGroup('emergency', { members: [violation({ service: 'carts' }), violation()] });
  await told(server, {}, { occasion: 'resent' });
  expect(server.active()).toHaveLength(1);
  await told(server, { occasion: 'escalated', severity: 'emergency', previous: 'critical', group: joined });
  expect(server.active()).toMatchObject([{ labels: { severity: 'emergency', service: 'orders' } }]);
  await told(server, { occasion: 'resolved', severity: 'emergency' });
  expect(server.active()).toEqual([]);
});

it('ends what was told before too, where it never got to say that it was worse', async () => {
  const server = await alertmanager('/prefix');
  await told(server, { severity: 'warning' });
  await told(server, { occasion: 'resolved', severity: 'critical', previous: 'warning' });
  expect(server.active()).toEqual([]);
});

it('is over for Alertmanager once it is not heard of for four intervals', async () => {
  const server = await alertmanager('/prefix');
  await told(server, {});
  server.setTime(1_800_000_000_000 + 239_000);
  expect(server.active()).toHaveLength(1);
  server.setTime(1_800_000_000_000 + 241_000);
  expect(server.active()).toEqual([]);
});

it('marks a test by a name of its own', async () => {
  const server = await alertmanager('/prefix');
  await told(server, { occasion: 'test' });
  expect(server.active()).toMatchObject([{ labels: { alertname: 'EvenkeelTest' } }]);
});
