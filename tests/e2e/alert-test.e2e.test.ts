// `evenkeel alert test` as somebody types it, on a quiet day.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hookServer } from '../support/alert-rig.ts';
import { runCommand } from '../support/command.ts';
import { closedPort } from '../support/exporter-rig.ts';
import { mailServer } from '../support/mail-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Writes a configuration of these channels. @returns arguments that name it */
function configured(channels: object, further: object = {}): string[] {
  const path = join(temporaryFolder(), 'collector.yaml');
  writeFileSync(path, JSON.stringify({ alert: { channels, ...further } }));
  return ['--config', path];
}

test('sends one marked notification through each channel, whatever its least severity', async () => {
  const [hook, server] = [await hookServer(), await mailServer()];
  const to = { from: 'evenkeel@example.com', to: ['ada@example.com'] };
  const config = configured({
    ops: { type: 'webhook', url: `${hook.url}/hidden-word`, min_severity: 'emergency' },
    mail: { type: 'email', host: '127.0.0.1', port: server.port, security: 'none', ...to },
    old: false,
  });
  const ended = await runCommand(['alert', 'test', ...config]);
  expect(ended).toMatchObject({
    code: 0,
    stdout: `log (log): delivered\nops (webhook, ${hook.url}): delivered\nmail (email, 127.0.0.1:${server.port}): delivered\n`,
  });
  expect(ended.stderr).toBe(
    'warning alert: [test, warning] evenkeel test: This is a test. Nothing happened; this is what an alert would look like.\n',
  );
  expect(JSON.parse(hook.posted[0]?.body ?? '')).toMatchObject({ occasion: 'test', severity: 'warning' });
  expect(server.mails.map((mail) => mail.header('subject'))).toEqual(['[test, warning] evenkeel test']);
});

test('says what failed and why, without a secret', async () => {
  const hook = await hookServer();
  hook.answer(403);
  const config = configured({
    log: false,
    ops: { type: 'webhook', url: `${hook.url}/hidden-word`, headers: { authorization: 'hidden-word' } },
    dead: { type: 'alertmanager', url: `http://127.0.0.1:${await closedPort()}/hidden-word` },
    cloud: { type: 'webhook', url: 'http://169.254.169.254/hidden-word' },
  });
  const ended = await runCommand(['alert', 'test', '--json', ...config]);
  expect([ended.code, ended.stderr]).toEqual([1, '']);
  expect(JSON.parse(ended.stdout)).toMatchObject([
    { channel: 'ops', delivered: false, why: 'HTTP 403' },
    { channel: 'dead', delivered: false, why: 'ECONNREFUSED' },
    { channel: 'cloud', delivered: false, why: 'its address is link-local; allow_link_local would permit it' },
  ]);
  expect(ended.stdout).not.toContain('hidden-word');
  expect(hook.posted).toHaveLength(1);
});

test('tests one channel with a severity, where asked to', async () => {
  const [hook, other] = [await hookServer(), await hookServer()];
  const config = configured({
    pager: { type: 'webhook', template: 'pagerduty', routing_key: 'key', url: hook.url },
    other: { type: 'webhook', url: other.url },
  });
  const ended = await runCommand(['alert', 'test', '--channel', 'pager', '--severity', 'emergency', ...config]);
  expect(ended).toMatchObject({ code: 0, stdout: `pager (webhook, ${hook.url}): delivered\n` });
  expect(JSON.parse(hook.posted[0]?.body ?? '')).toMatchObject({ payload: { severity: 'critical' } });
  expect(other.posted).toEqual([]);
});

test('says what is wrong with its arguments', async () => {
  const check = async (args: string[], message: RegExp): Promise<void> => {
    const ended = await runCommand(['alert', ...args]);
    expect([ended.code, ended.stderr]).toEqual([2, expect.stringMatching(message)]);
  };
  await check([], /expected: evenkeel alert test\|list\|ack\|silence\|unsilence\|useful/);
  await check(['test', '--channel', 'nobody'], /no such channel/);
  await check(['test', '--severity', 'bad'], /info, warning, critical, emergency/);
  await check(['test', '--set', 'alert=false'], /switched off/);
});
