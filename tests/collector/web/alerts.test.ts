// What people do with an alert over the API: see who was told, take it on, silence it, say whether it was useful.
import { describe, expect, it } from 'vitest';
import type { AlertsAnswer, SilenceAnswer } from '../../../collector/src/web/api.ts';
import { type AlertPage, alertPage, serve } from '../../support/alert-page.ts';
import { hookServer } from '../../support/alert-rig.ts';
import { eventually } from '../../support/eventually.ts';
import { violation, violationGroup } from '../../support/violations.ts';

const MINUTE_MS = 60_000;

async function alertsOf(page: AlertPage): Promise<AlertsAnswer> {
  const [status, body] = await page.ask('GET', 'alerts');
  expect(status).toBe(200);
  return body as AlertsAnswer;
}

describe('the list of alerts', () => {
  it('says of each what it is, who was told when, and what holds it back', async () => {
    const hook = await hookServer();
    const page = await alertPage({
      channels: {
        ops: { type: 'webhook', url: hook.url },
        pager: { type: 'webhook', url: hook.url, min_severity: 'emergency' },
      },
      silences: [{ attributes: { 'service.name': 'carts' }, comment: 'known' }],
      maintenance: [
        { name: 'upgrade', start: '2000-01-01T00:00:00Z', end: '2000-01-02T00:00:00Z' },
        { name: 'nightly', kinds: ['hang'], days: ['mon'], from: '22:00', to: '23:00', time_zone: 'Europe/Berlin' },
      ],
    });
    await page.take(violationGroup('critical'));
    const toldMs = page.clock.nowMs();
    await page.take(
      violationGroup('emergency', { id: 'g2', members: [violation({ service: 'carts', severity: 'emergency' })] }),
    );
    await page.settled();
    const { alerts, alertCount, silences, maintenance, ...rest } = await alertsOf(page);
    expect([alertCount, rest]).toEqual([2, { feedback: [] }]);
    const ofOrders = {
      id: 'g1',
      state: 'firing',
      severity: 'critical',
      peak: 'critical',
      memberCount: 1,
      isShown: true,
    };
    const told = { severity: 'critical', atMs: toldMs, isOpen: true };
    expect(alerts).toEqual([
      expect.objectContaining({ id: 'g2', heldBy: 'silence', told: {} }),
      expect.objectContaining({ ...ofOrders, told: { log: told, ops: told } }),
    ]);
    expect(alerts[1]).toMatchObject({ subject: { name: 'orders POST /orders' }, summary: /takes 5.2 times/ });
    expect(alerts[0]).not.toHaveProperty('group');
    expect(silences).toMatchObject([{ id: 'configured-1', isConfigured: true, comment: 'known' }]);
    const weekly = { days: ['mon'], from: '22:00', to: '23:00', timeZone: 'Europe/Berlin' };
    expect(maintenance).toEqual([
      { name: 'nightly', attributes: {}, kinds: ['hang'], severities: [], isOpen: false, weekly },
    ]);
  });

  it('is cut where asked to, the worst of what goes on first', async () => {
    const page = await alertPage();
    await page.take(violationGroup('warning', { id: 'mild' }));
    await page.take(violationGroup('emergency', { id: 'bad' }));
    await page.take(violationGroup('critical', { id: 'over' }));
    await page.take(violationGroup('none', { id: 'over' }));
    const [, body] = await page.ask('GET', 'alerts?limit=2');
    expect(body).toMatchObject({ alerts: [{ id: 'bad' }, { id: 'mild' }], alertCount: 3 });
    for (const limit of ['0', '501', '1.5', 'x', '-1'])
      expect(await page.ask('GET', `alerts?limit=${limit}`)).toEqual([
        400,
        { error: 'limit is a whole number from 1 to 500' },
      ]);
  });

  it('is not there where alerts are off', async () => {
    const { ask } = await serve({});
    const off = [404, { error: expect.stringMatching(/^alerts are off/) }];
    expect(await ask('GET', 'alerts')).toEqual(off);
    expect(await ask('POST', 'alerts/g1/acknowledge', {})).toEqual(off);
    expect(await ask('DELETE', 'silences/s1')).toEqual(off);
  });
});

describe('an alert', () => {
  it('is taken on by who says so, and then by nobody twice', async () => {
    const page = await alertPage();
    await page.take(violationGroup('critical'));
    const atMs = page.clock.nowMs();
    const acknowledged = { by: 'ada', atMs, severity: 'critical' };
    expect(await page.ask('POST', 'alerts/g1/acknowledge', { by: ' ada ' })).toEqual([
      200,
      expect.objectContaining({ id: 'g1', acknowledged }),
    ]);
    page.clock.advance(1000);
    await page.ask('POST', 'alerts/g1/acknowledge', { by: 'ada' });
    expect((await alertsOf(page)).alerts).toMatchObject([{ acknowledged }]);
    await page.ask('POST', 'alerts/g1/acknowledge');
    expect((await alertsOf(page)).alerts).toMatchObject([{ acknowledged: { by: 'somebody at 127.0.0.1' } }]);
  });

  it('is not taken on once it is over, or where nobody knows it', async () => {
    const page = await alertPage();
    await page.take(violationGroup('critical'));
    await page.take(violationGroup('none'));
    const over = [409, { error: 'it is over, there is nothing to acknowledge' }];
    const unknown = [404, { error: 'no such alert is known (any more)' }];
    expect(await page.ask('POST', 'alerts/g1/acknowledge', {})).toEqual(over);
    for (const id of ['g2', '%67%32', '%E0', '__proto__'])
      expect([id, await page.ask('POST', `alerts/${id}/acknowledge`, {})]).toEqual([id, unknown]);
    expect(await page.ask('POST', 'alerts/g2/feedback', { useful: true })).toEqual(unknown);
  });

  it('is useful or not, counted by what it is of, and who thinks better of it is counted once', async () => {
    const page = await alertPage();
    await page.take(violationGroup('critical'));
    await page.take(violationGroup('critical', { id: 'g2' }));
    await page.take(violationGroup('critical', { id: 'g3', members: [violation({ service: 'carts' })] }));
    for (const [id, useful] of [
      ['g1', false],
      ['g2', false],
      ['g3', true],
      ['g2', true],
      ['g2', true],
    ] as const)
      expect((await page.ask('POST', `alerts/${id}/feedback`, { useful, by: 'ada' }))[0]).toBe(200);
    const { alerts, feedback } = await alertsOf(page);
    expect(alerts.map(({ feedback: said }) => said?.isUseful)).toEqual([false, true, true]);
    expect(feedback).toMatchObject([
      { name: 'orders POST /orders', useful: 1, useless: 1 },
      { name: 'carts POST /orders', useful: 1, useless: 0 },
    ]);
    expect(page.counts('feedback')).toEqual({ no: 2, yes: 2 });
    expect(page.stage.snapshot().feedback).toEqual(feedback.toReversed());
  });

  it('comes to the pages that are open when somebody does something with it', async () => {
    const page = await alertPage();
    await page.take(violationGroup('critical'));
    const closing = new AbortController();
    const response = await fetch(`${page.url}/api/events`, { signal: closing.signal });
    let heard = '';
    const hears = (async () => {
      for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? []) heard += text;
    })().catch(() => {});
    await eventually('the first', () => heard.includes('event: alerts'));
    await page.ask('POST', 'alerts/g1/acknowledge', { by: 'ada' });
    page.pageClock.advance(1000);
    await eventually('the second', () => /event: alerts\n.*"acknowledged":\{"by":"ada"/.test(heard));
    closing.abort();
    await hears;
  });
});

describe('a silence', () => {
  it('holds what it names for a time, and says which alerts it covers whole', async () => {
    const page = await alertPage();
    await page.take(violationGroup('critical'));
    await page.take(violationGroup('critical', { id: 'g2', members: [violation(), violation({ service: 'carts' })] }));
    const nowMs = page.clock.nowMs();
    const attributes = { 'service.name': 'orders', 'span.name': 'POST *' };
    const [status, body] = await page.ask('POST', 'silences', { attributes, for: '8h', comment: 'deploy', by: 'ada' });
    const { silence, covers } = body as SilenceAnswer;
    expect([status, covers]).toEqual([200, ['g1']]);
    expect(silence).toMatchObject({
      attributes,
      startMs: nowMs,
      endMs: nowMs + 480 * MINUTE_MS,
      comment: 'deploy',
      by: 'ada',
    });
    const { alerts, silences } = await alertsOf(page);
    expect(alerts.map(({ id, heldBy }) => [id, heldBy])).toEqual([
      ['g1', 'silence'],
      ['g2', undefined],
    ]);
    expect(silences).toEqual([silence]);

    expect(await page.ask('DELETE', `silences/${silence.id}`, { by: 'ben' })).toEqual([200, { ended: silence.id }]);
    expect(page.log).toContainEqual(expect.stringContaining(`${silence.id} was ended by ben`));
    page.clock.advance(1000);
    expect((await alertsOf(page)).alerts[0]).not.toHaveProperty('heldBy');
    expect(await page.ask('DELETE', `silences/${silence.id}`)).toEqual([
      404,
      { error: 'no such silence holds (any more)' },
    ]);
  });

  it('holds until a time of day somebody names', async () => {
    const page = await alertPage();
    const until = new Date(page.clock.nowMs() + 90 * MINUTE_MS).toISOString();
    const [, body] = await page.ask('POST', 'silences', { kinds: ['hang'], until });
    expect((body as SilenceAnswer).silence).toMatchObject({ endMs: Date.parse(until), by: 'somebody at 127.0.0.1' });
  });

  it('of an alert holds it with whatever joins it, and no other', async () => {
    const page = await alertPage();
    await page.take(violationGroup('critical'));
    expect(await page.ask('POST', 'silences', { alert: 'g1', for: '1h' })).toMatchObject([
      200,
      { silence: { alert: 'g1' }, covers: ['g1'] },
    ]);
    await page.take(violationGroup('critical', { members: [violation(), violation({ service: 'carts' })] }));
    await page.take(violationGroup('critical', { id: 'g2' }));
    const { alerts } = await alertsOf(page);
    expect(alerts.map(({ id, heldBy }) => [id, heldBy])).toEqual([
      ['g1', 'silence'],
      ['g2', undefined],
    ]);
    expect(page.stage.snapshot().silences).toMatchObject([{ alert: 'g1' }]);
    expect((await page.ask('POST', 'silences', { alert: 'g3', for: '1h' }))[0]).toBe(404);
  });

  it('of the configuration is not ended', async () => {
    const page = await alertPage({ silences: [{ kinds: ['hang'] }] });
    expect(await page.ask('DELETE', 'silences/configured-1')).toEqual([
      409,
      { error: 'it stands in the configuration, and is ended there' },
    ]);
  });

  it('is not made where there are too many', async () => {
    const page = await alertPage();
    const wish = { kinds: ['hang' as const], attributes: {}, severities: [], comment: '', by: '', forMs: MINUTE_MS };
    for (let i = 0; i < 1000; i++) page.stage.silence(wish);
    expect(await page.ask('POST', 'silences', { kinds: ['hang'], for: '1h' })).toMatchObject([
      409,
      { error: /too many/ },
    ]);
  });
});
