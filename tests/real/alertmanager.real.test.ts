// Debian's Alertmanager told of violations by the alert stage, and a webhook behind it that is told by Alertmanager.
import { expect, it, onTestFinished } from 'vitest';
import { alertConfig } from '../../collector/src/alert/config.ts';
import { alertInstruments } from '../../collector/src/alert/instruments.ts';
import { alert, type AlertStage } from '../../collector/src/alert/stage.ts';
import type { Severity, ViolationGroup } from '../../collector/src/baseline/contract.ts';
import { createHost } from '../../collector/src/pipeline/host.ts';
import { systemClock } from '../../collector/src/pipeline/clock.ts';
import { Telemetry } from '../../collector/src/pipeline/telemetry.ts';
import { type Hook, hookServer } from '../support/alert-rig.ts';
import { eventually } from '../support/eventually.ts';
import { mailServer } from '../support/mail-server.ts';
import { startAlertmanager } from '../support/real-alertmanager.ts';
import { describeWith } from '../support/real-parts.ts';
import { violation, violationGroup } from '../support/violations.ts';

/** What Alertmanager posts to those it tells. */
interface Told {
  readonly status: string;
  readonly alerts: readonly { readonly status: string; readonly labels: Readonly<Record<string, string>> }[];
}

/** A stage on the machine's clock that tells Alertmanager each second what goes on. */
async function startStage(url: string, channels: object = {}): Promise<AlertStage> {
  const telemetry = new Telemetry();
  telemetry.declare('alert', alertInstruments);
  const host = createHost<keyof typeof alertInstruments>('alert', {
    clock: systemClock,
    telemetry,
    random: Math.random,
    log: () => {},
  });
  const fleet = { type: 'alertmanager', url, resend_interval: '1s' };
  const stage = alert.create(alertConfig.parse({ channels: { fleet, ...channels }, group_wait: '0s' }), host);
  await stage.start();
  onTestFinished(() => stage.stop());
  return stage;
}

/** A group that began just now. */
function group(severity: Severity | 'none', members: ViolationGroup['members'] = [violation()]): ViolationGroup {
  const now = Date.now();
  return violationGroup(severity, { members, onsetMs: now - 5000, changedMs: now });
}

function told({ posted }: Hook): Told[] {
  return posted.map(({ body }) => JSON.parse(body) as Told);
}

describeWith(['alertmanager'], 'Alertmanager', ({ alertmanager }) => {
  it('shows one alert while it goes on and gets worse, and tells its receiver once of each', async () => {
    const hook = await hookServer();
    const { url, shown } = await startAlertmanager(alertmanager, hook);
    const stage = await startStage(url);
    await stage.consume(group('critical'));
    const [first] = await eventually('an alert', async () => {
      const alerts = await shown();
      return alerts.length > 0 && alerts;
    });
    expect(first?.labels).toEqual({
      alertname: 'EvenkeelViolation',
      service: 'orders',
      operation: 'POST /orders',
      severity: 'critical',
      group: 'g1',
    });
    expect(first?.annotations['summary']).toContain('5.2 times');
    await hook.received(1);
    expect(told(hook)).toMatchObject([{ status: 'firing', alerts: [{ status: 'firing' }] }]);

    // Two of its own intervals later it is the same alert, kept alive.
    const endsAt = first?.endsAt ?? '';
    await eventually('it to be sent again', async () => {
      const alerts = await shown();
      expect(alerts).toHaveLength(1);
      return Date.parse(alerts[0]?.endsAt ?? '') >= Date.parse(endsAt) + 2000;
    });
    expect(hook.posted).toHaveLength(1);

    await stage.consume(group('emergency', [violation({ id: 'more', service: 'carts' }), violation()]));
    await eventually('it to be worse', async () => (await shown())[0]?.labels['severity'] === 'emergency');
    expect(await shown()).toHaveLength(1);
    const isTold = (severity: string): boolean =>
      told(hook).some(({ alerts }) =>
        alerts.some((each) => each.status === 'firing' && each.labels['severity'] === severity),
      );
    await eventually('its receiver to be told', () => isTold('emergency'));

    await stage.consume(group('none', [violation({ severity: 'none' })]));
    await eventually('it to be over', async () => (await shown()).length === 0);
    await eventually('its receiver to be told of the end', () => told(hook).at(-1)?.status === 'resolved');
  });

  it('is told of a critical one beside mail and a webhook, each once', async () => {
    const [direct, server] = [await hookServer(), await mailServer()];
    const { url, shown } = await startAlertmanager(alertmanager, await hookServer());
    const to = { from: 'evenkeel@example.com', to: ['ada@example.com'] };
    const stage = await startStage(url, {
      ops: { type: 'webhook', url: direct.url },
      mail: { type: 'email', host: '127.0.0.1', port: server.port, security: 'none', ...to },
    });
    for (const severity of ['warning', 'critical', 'warning', 'critical'] as const)
      await stage.consume(group(severity));
    await eventually('an alert', async () => (await shown()).length === 1);
    await Promise.all([direct.received(1), server.received(1)]);
    const endsAt = async (): Promise<number> => Date.parse((await shown())[0]?.endsAt ?? '');
    const first = await endsAt();
    // Some ticks later nobody has heard of it again.
    await eventually('it to be sent again', async () => (await endsAt()) >= first + 2000);
    expect(server.mails.map((mail) => mail.header('subject'))).toEqual([
      '[critical] orders POST /orders: latency 5.2×',
    ]);
    const heard = direct.posted.map(({ body }) => JSON.parse(body) as { occasion: string; severity: string });
    expect(heard.map(({ occasion, severity }) => `${occasion} ${severity}`)).toEqual([
      'firing warning',
      'escalated critical',
    ]);
    expect(await shown()).toHaveLength(1);
  });

  it('takes what is not sent again for over', async () => {
    const { url, shown } = await startAlertmanager(alertmanager, await hookServer());
    const stage = await startStage(url);
    await stage.consume(group('critical'));
    await eventually('an alert', async () => (await shown()).length === 1);
    await stage.stop();
    await eventually('it to be over', async () => (await shown()).length === 0);
  });
});
