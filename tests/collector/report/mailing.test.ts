// Reports by mail, handed to a real mail server by what hands alerts to it.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { alertConfig } from '../../../collector/src/alert/config.ts';
import { mailServer as openMail } from '../../../collector/src/alert/channels/mail.ts';
import { StateFile } from '../../../collector/src/store/state-file.ts';
import { eventually } from '../../support/eventually.ts';
import { type Mail, type MailServer, mailServer } from '../../support/mail-server.ts';
import { type ReportRig, reportRig } from '../../support/report-rig.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { testSpan } from '../../support/test-span.ts';

const HOUR_MS = 3_600_000;
/** A Sunday evening: with midnight a day and a week are over. */
const EVENING_MS = Date.UTC(2026, 2, 8, 23, 50);
const DUE_MS = Date.UTC(2026, 2, 9, 0, 10);

interface Wanted {
  readonly folder?: string;
  readonly beginsMs?: number;
  readonly email?: object;
}

async function rigWith(server: MailServer, { folder = temporaryFolder(), beginsMs = EVENING_MS, email = {} }: Wanted) {
  const ops = { type: 'email', host: 'localhost', port: server.port, security: 'none', from: 'evenkeel@example.com' };
  const channels = alertConfig.parse({ channels: { ops: { ...ops, to: ['ada@example.com'] } } }).channels;
  const channel = channels['ops'];
  if (channel === undefined || channel === false || channel.type !== 'email') throw new Error('no channel');
  const file = new StateFile(folder);
  onTestFinished(() => file.close());
  return reportRig({
    file,
    beginsMs,
    config: { email: { channel: 'ops', kinds: ['daily', 'weekly'], time: '00:10', ...email } },
    server: (host) => openMail(channel, { name: 'ops', allowLinkLocal: false, host }),
  });
}

/** Lets time pass, and what the last minutes began be done. */
async function pass({ clock }: ReportRig, lengthMs: number): Promise<void> {
  clock.advance(Math.max(0, lengthMs - 120_000));
  for (let s = Math.min(lengthMs, 120_000); s > 0; s -= 60_000) {
    await nextTurn();
    clock.advance(60_000);
  }
  await nextTurn();
}

const subjects = (mails: readonly Mail[]): string[] => mails.map((mail) => mail.header('subject'));
const DAILY = 'Daily report, 2026-03-08: evenkeel on test';
const WEEKLY = 'Weekly report, 2026-03-02 to 2026-03-08: evenkeel on test';

describe('reports by mail', () => {
  it('are sent once, after their period and at the time of day, in text and HTML', async () => {
    const server = await mailServer();
    const rig = await rigWith(server, {
      email: { time: '01:10', time_zone: 'Europe/Berlin', to: ['ben@example.com'] },
    });
    await rig.calls([testSpan(), testSpan({ error: true })]);
    await pass(rig, DUE_MS - EVENING_MS - 60_000);
    expect(server.mails).toEqual([]);
    await pass(rig, 60_000);
    const [daily, weekly] = await server.received(2);
    expect(subjects(server.mails)).toEqual([DAILY, WEEKLY]);
    expect(daily?.to).toEqual(['ben@example.com']);
    expect(daily?.header('message-id')).not.toBe(weekly?.header('message-id'));
    expect(daily?.text).toContain('text/plain');
    expect(daily?.text).toContain('text/html');
    expect(daily?.text).toContain('2 calls of 1 operation');
    await eventually('both to be noted', () => rig.read('mails', 'delivered') === 2);
    rig.clock.advance(2 * HOUR_MS);
    await rig.stop();
    expect(server.mails).toHaveLength(2);
  });

  it('are not sent again after a restart, and nothing is sent of a time of which nothing is known', async () => {
    const server = await mailServer();
    const folder = temporaryFolder();
    const first = await rigWith(server, { folder });
    await first.calls([testSpan()]);
    await pass(first, DUE_MS - EVENING_MS);
    await eventually('both to be noted', () => first.read('mails', 'delivered') === 2);
    // It ends here as by kill -9, and its index is lost: better none than two.
    const file = new StateFile(folder);
    file.save('report', [], ['index'], 0);
    file.close();
    const lost = await rigWith(server, { folder, beginsMs: DUE_MS + 1000 });
    await pass(lost, 120_000);
    await lost.stop();
    const second = await rigWith(server, { folder, beginsMs: DUE_MS + 1000 });
    await pass(second, 120_000);
    await second.stop();
    const fresh = await rigWith(server, { beginsMs: DUE_MS });
    await pass(fresh, 120_000);
    await fresh.stop();
    expect(server.mails).toHaveLength(2);
  });

  it('that were missed are sent at the next start, unless their period ended a day ago', async () => {
    const server = await mailServer();
    const folder = temporaryFolder();
    const first = await rigWith(server, { folder });
    await first.calls([testSpan()]);
    await first.stop();
    const late = await rigWith(server, { folder, beginsMs: Date.UTC(2026, 2, 10, 0, 1) });
    await pass(late, 120_000);
    await late.stop();
    expect(server.mails).toEqual([]);
    await rigWith(server, { folder, beginsMs: Date.UTC(2026, 2, 9, 23, 58) });
    expect(subjects(await server.received(2))).toEqual([DAILY, WEEKLY]);
  });

  it('are tried again while the server does not take them, and given up where it never will', async () => {
    const { server, attempts, answer } = await moodyServer(451);
    const rig = await rigWith(server, { email: { kinds: ['daily'] } });
    await rig.calls([testSpan()]);
    await pass(rig, DUE_MS - EVENING_MS);
    await eventually('an attempt in vain', () => attempts() === 1);
    answer(0);
    await eventually('the mail', async () => {
      await pass(rig, 60_000);
      return rig.read('mails', 'delivered') === 1;
    });
    answer(550);
    await rig.calls([testSpan()]);
    await pass(rig, 25 * HOUR_MS);
    await eventually('to be refused', () => rig.read('mails', 'refused') === 1);
    expect(rig.log.join('\n')).toContain('did not take the daily report: SMTP 550');
    expect([server.mails.length, attempts()]).toEqual([1, 3]);
  });

  it('that nobody took before a stop are sent after it', async () => {
    const { server, attempts, answer } = await moodyServer(451);
    const folder = temporaryFolder();
    const first = await rigWith(server, { folder, email: { kinds: ['daily'] } });
    await first.calls([testSpan()]);
    await pass(first, DUE_MS - EVENING_MS);
    await eventually('an attempt in vain', () => attempts() === 1);
    await eventually('its answer', () => first.log.some((line) => line.includes('is tried again')));
    answer(0);
    await first.stop();
    const second = await rigWith(server, { folder, beginsMs: DUE_MS + 1000, email: { kinds: ['daily'] } });
    expect(subjects(await server.received(1))).toEqual([DAILY]);
    await second.stop();
  });
});

/** A server that answers recipients with a status, 0 to take them, and counts. */
async function moodyServer(status: number) {
  let [attempts, now] = [0, status];
  const server = await mailServer({
    onRcptTo: (_, __, done) => {
      attempts++;
      done(now === 0 ? null : Object.assign(new Error('said in many words'), { responseCode: now }));
    },
  });
  return { server, attempts: () => attempts, answer: (next: number) => void (now = next) };
}
