import { createHmac, timingSafeEqual } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Notification } from '../../../../collector/src/alert/contract.ts';
import { notification, opened } from '../../../support/alert-channels.ts';
import { hookServer, type Posted } from '../../../support/alert-rig.ts';
import { violation, violationGroup } from '../../../support/violations.ts';

const SECRET = 'a secret of many letters';

/** What arrives of a notification. */
async function posted(config: object, wanted: Partial<Notification> = {}): Promise<Posted> {
  const hook = await hookServer();
  await opened({ type: 'webhook', url: `${hook.url}/path?x=1`, ...config }).send(wanted);
  const [first] = hook.posted;
  if (first === undefined) throw new Error('nothing arrived');
  return first;
}

async function bodyOf(config: object, wanted: Partial<Notification> = {}): Promise<unknown> {
  return JSON.parse((await posted(config, wanted)).body);
}

/** As a receiver would check it. @returns the time of the signature in seconds; undefined where it is forged */
function verified({ headers, body }: Posted, secret: string): number | undefined {
  const [, time = '', given = ''] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['evenkeel-signature'])) ?? [];
  const own = createHmac('sha256', secret).update(`${time}.${body}`).digest();
  const isSame = own.length * 2 === given.length && timingSafeEqual(own, Buffer.from(given, 'hex'));
  return isSame ? Number(time) : undefined;
}

describe('a signature', () => {
  it('is one of the time and the body that arrived', async () => {
    const hook = await hookServer();
    const { send, clock } = opened({ type: 'webhook', url: hook.url, secret: SECRET });
    await send();
    clock.advance(61_000);
    await send();
    const [first, second] = await hook.received(2);
    if (first === undefined || second === undefined) throw new Error('nothing arrived');
    expect([verified(first, SECRET), verified(second, SECRET)]).toEqual([1_800_000_000, 1_800_000_061]);
    expect(verified(first, 'another secret of many letters')).toBeUndefined();
    expect(verified({ ...first, body: first.body.replace('critical', 'info') }, SECRET)).toBeUndefined();
    const later = String(first.headers['evenkeel-signature']).replace('t=1800000000', 't=1800000061');
    expect(verified({ ...first, headers: { 'evenkeel-signature': later } }, SECRET)).toBeUndefined();
  });

  it('is not there without a secret', async () => {
    expect((await posted({})).headers).not.toHaveProperty('evenkeel-signature');
  });
});

it('posts with the configured path and headers, under the id of the notification', async () => {
  const { path, headers } = await posted({ headers: { 'X-Scope': 'main' } });
  expect(path).toBe('/path?x=1');
  expect(headers).toMatchObject({
    'x-scope': 'main',
    'content-type': 'application/json',
    'evenkeel-notification': 'g1.1',
  });
});

describe('generic', () => {
  it('says everything that is known', async () => {
    expect(await bodyOf({})).toEqual({
      version: 1,
      id: 'g1.1',
      occasion: 'firing',
      severity: 'critical',
      at: '2027-01-15T08:00:05.000Z',
      onset: '2027-01-15T07:59:50.000Z',
      headline: '[critical] orders POST /orders: latency 5.2×',
      summary: 'POST /orders takes 5.2 times as long as it did.',
      subject: {
        name: 'orders POST /orders',
        attributes: { 'service.name': 'orders', 'span.name': 'POST /orders', 'span.kind': 'SPAN_KIND_SERVER' },
      },
      group: {
        id: 'g1',
        severity: 'critical',
        peak: 'critical',
        members: [
          expect.objectContaining({
            id: 'orders/POST /orders/1',
            kind: 'latency',
            ratio: { value: 5.23, low: 4.8, high: 5.71 },
            explanation: expect.objectContaining({
              calls: 240,
              one_in_days: 4000,
              trace_ids: ['0123456789abcdef0123456789abcdef'],
              change: 'service.version 1.3.0',
            }),
          }),
        ],
      },
      link: 'https://evenkeel.example.com/#/violations/g1',
    });
  });

  it('says what it was before, and who took it on', async () => {
    expect(await bodyOf({}, { occasion: 'escalated', previous: 'warning' })).toMatchObject({
      previous_severity: 'warning',
    });
    const taken = await bodyOf({}, { occasion: 'acknowledged', acknowledgedBy: 'ada' });
    expect(taken).toMatchObject({ acknowledged_by: 'ada', headline: expect.stringMatching(/^\[acknowledged\]/) });
  });
});

describe('slack', () => {
  it('has a line for those who see no blocks, and links for the others', async () => {
    const body = JSON.stringify(await bodyOf({ template: 'slack' }));
    expect(body).toContain('"text":"[critical] orders POST /orders: latency 5.2×"');
    expect(body).toContain('<https://evenkeel.example.com/#/traces/0123456789abcdef0123456789abcdef|0123456789abcdef');
    expect(body).toContain('look at payments charge first');
  });

  it('lets no name of a sender call anybody or lead anywhere', async () => {
    const operation = '<!channel> & <https://evil.example.com|here>';
    const group = violationGroup('critical', { members: [violation({ operation })] });
    const body = JSON.stringify(
      await bodyOf({ template: 'slack' }, { group, subject: violation({ operation }).subject }),
    );
    expect(body).toContain('&lt;!channel&gt; &amp; &lt;https://evil.example.com|here&gt;');
    expect(body).not.toMatch(/<!channel>|<https:\/\/evil/);
  });

  it('keeps within what a section may hold', async () => {
    const members = [violation({ operation: 'x'.repeat(9000) })];
    const body = (await bodyOf({ template: 'slack' }, { group: violationGroup('critical', { members }) })) as {
      blocks: { text: { text: string } }[];
    };
    for (const { text } of body.blocks) expect(text.text.length).toBeLessThanOrEqual(3000);
  });
});

describe('pagerduty', () => {
  const config = { template: 'pagerduty', routing_key: 'key' };

  it('triggers, acknowledges and resolves one incident', async () => {
    const event = { routing_key: 'key', dedup_key: 'evenkeel/g1' };
    expect(await bodyOf(config)).toEqual({
      ...event,
      event_action: 'trigger',
      client: 'evenkeel',
      client_url: 'https://evenkeel.example.com',
      links: [{ href: 'https://evenkeel.example.com/#/violations/g1', text: 'evenkeel' }],
      payload: expect.objectContaining({
        summary: '[critical] orders POST /orders: latency 5.2×',
        source: 'orders',
        severity: 'error',
        timestamp: '2027-01-15T07:59:50.000Z',
        class: 'latency',
      }),
    });
    expect(await bodyOf(config, { occasion: 'escalated' })).toMatchObject({ ...event, event_action: 'trigger' });
    expect(await bodyOf(config, { occasion: 'acknowledged' })).toEqual({ ...event, event_action: 'acknowledge' });
    expect(await bodyOf(config, { occasion: 'resolved' })).toEqual({ ...event, event_action: 'resolve' });
  });

  it('has a word for each severity that PagerDuty knows', async () => {
    const words: unknown[] = [];
    for (const severity of ['info', 'warning', 'critical', 'emergency'] as const)
      words.push(((await bodyOf(config, { severity })) as { payload: { severity: string } }).payload.severity);
    expect(words).toEqual(['info', 'warning', 'error', 'critical']);
  });
});

it('marks a test as one in every template', async () => {
  for (const config of [{}, { template: 'slack' }, { template: 'pagerduty', routing_key: 'key' }]) {
    const body = JSON.stringify(await bodyOf(config, notification({ occasion: 'test' })));
    expect(body).toContain('[test, critical]');
    expect(body).toContain('This is a test');
  }
});
