// `evenkeel alert list|ack|silence|unsilence|useful` as somebody on call types them, against a sidecar in its own process.
import { expect, test } from 'vitest';
import type { AlertsAnswer } from '../../collector/src/web/api.ts';
import { type Ended, runCommand } from '../support/command.ts';
import { startCollector } from '../support/running-collector.ts';
import { startSidecar } from '../support/sidecar.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { watchedTraffic } from '../support/watched-traffic.ts';

const LEARNING_S = 300;
const SLOW_S = 60;

/** Lets an operation be learned and become slower, in the time of the test. @returns the store that knows of it */
async function storeWithAlert(): Promise<string> {
  const storePath = temporaryFolder();
  const beginsMs = Date.now() - (LEARNING_S + SLOW_S) * 1000;
  const running = await startCollector('', { storePath, beginsMs });
  const traffic = watchedTraffic(running);
  const called = { name: 'GET /cart', callsPerSecond: 4, medianMs: 20 };
  await traffic.go(LEARNING_S, called);
  await traffic.go(SLOW_S, { ...called, medianMs: 80 });
  await running.stop();
  return storePath;
}

test('takes an alert on, silences it and judges it, and a kill -9 forgets none of that', async () => {
  const args = ['--set', `store.path=${await storeWithAlert()}`];
  let sidecar = await startSidecar({ args });
  const evenkeel = (...typed: string[]): Promise<Ended> =>
    runCommand(['alert', ...typed, '--url', sidecar.urls.page], { USER: 'ada' });
  const says = async (typed: string[], expected: RegExp): Promise<void> => {
    const ended = await evenkeel(...typed);
    expect([typed, ended.code, ended.stderr, ended.stdout]).toEqual([typed, 0, '', expect.stringMatching(expected)]);
  };
  const read = async (): Promise<AlertsAnswer> => JSON.parse((await evenkeel('list', '--json')).stdout) as AlertsAnswer;

  const [alert] = (await read()).alerts;
  const id = alert?.id ?? '';
  expect(alert).toMatchObject({ state: 'firing', severity: 'warning', subject: { name: 'shop GET /cart' } });
  await says(['list'], new RegExp(`^${id}  warning firing  shop GET /cart\\n.*takes .*told +log of warning at`, 's'));
  await says(['ack', id], /^shop GET \/cart is taken on by ada\n$/);
  await says(['useful', id, 'no', '--by', 'ben'], /^that shop GET \/cart was alerted was a false alarm\n$/);
  const silence = ['silence', '--service', 'shop', '--kind', 'latency', '--comment', 'deploy'];
  const made = await evenkeel(...silence);
  expect(made.stdout).toMatch(
    new RegExp(
      `^silence-\\d+: service.name=shop, latency until .* UTC, by ada: deploy; of what goes on it covers ${id}\n$`,
    ),
  );

  await sidecar.stop('SIGKILL');
  sidecar = await startSidecar({ args });
  const { alerts, silences, feedback } = await read();
  expect(alerts).toMatchObject([
    {
      id,
      heldBy: 'silence',
      acknowledged: { by: 'ada', severity: 'warning' },
      feedback: { isUseful: false, by: 'ben' },
    },
  ]);
  expect(silences).toMatchObject([{ comment: 'deploy', by: 'ada', kinds: ['latency'] }]);
  expect(feedback).toMatchObject([{ name: 'shop GET /cart', useful: 0, useless: 1 }]);
  const lasts = (silences[0]?.endMs ?? 0) - (silences[0]?.startMs ?? 0);
  expect(lasts).toBe(2 * 3_600_000);
  await says(
    ['list'],
    /held by +silence\n.*taken on +by ada.*useful +no, says ben.*Silences\n.*Useful.*0 % +of 1 +shop GET \/cart/s,
  );
  await says(['unsilence', silences[0]?.id ?? ''], /^silence-\d+ is ended\n$/);
  expect((await read()).silences).toEqual([]);
  await says(
    ['silence', id, '--until', new Date(Date.now() + 600_000).toISOString()],
    new RegExp(`: alert ${id} until .*covers ${id}\n$`),
  );
});

test('says what is wrong with its arguments, and what a sidecar refuses', async () => {
  const { urls } = await startCollector();
  const check = async (args: string[], code: number, message: RegExp): Promise<void> => {
    const ended = await runCommand(['alert', ...args]);
    expect([args, ended.code, ended.stderr]).toEqual([args, code, expect.stringMatching(message)]);
  };
  await check(['ack'], 2, /expected: evenkeel alert ack ID/);
  await check(['useful', 'g', 'perhaps'], 2, /yes\|no/);
  await check(['silence', '--for', '1h'], 2, /say what shall be silent/);
  await check(['silence', '--service', 'shop', '--for', '1h', '--until', 'noon'], 2, /either --for or --until/);
  await check(['silence', '--attribute', 'shop'], 2, /name=value/);
  await check(['list', '--kind', 'hang'], 2, /alert list takes no --kind/);
  await check(['unsilence', '--nothing'], 2, /--nothing/);
  const url = ['--url', urls.page];
  await check(['ack', 'g', ...url], 1, /404, no such alert is known/);
  await check(['unsilence', 'silence-1', ...url], 1, /404, no such silence holds/);
  await check(['silence', '--kind', 'slow', '--for', 'long', ...url], 1, /400, kinds\.0.*; for must be/);
  expect(await runCommand(['alert', 'list', ...url])).toMatchObject({ code: 0, stdout: 'Nothing is alerted.\n' });
});
