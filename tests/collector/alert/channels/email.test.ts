import { expect, it } from 'vitest';
import type { Notification } from '../../../../collector/src/alert/contract.ts';
import { opened } from '../../../support/alert-channels.ts';
import { pem, tlsFile } from '../../../support/certificates.ts';
import { type Mail, mailServer } from '../../../support/mail-server.ts';
import { violation, violationGroup } from '../../../support/violations.ts';

const from = 'Evenkeel <evenkeel@example.com>';
const TLS = { cert: pem('server.pem'), key: pem('server.key.pem') };

function config(port: number, further: object = {}): object {
  return { type: 'email', host: 'localhost', port, security: 'none', from, to: ['ada@example.com'], ...further };
}

async function mailed(wanted: Partial<Notification> = {}, further: object = {}): Promise<Mail> {
  const server = await mailServer();
  expect(await opened(config(server.port, further)).send(wanted)).toEqual({ outcome: 'delivered' });
  const [mail] = server.mails;
  if (mail === undefined) throw new Error('no mail');
  return mail;
}

/** The body with quoted-printable undone. */
function unquoted({ text }: Mail): string {
  const bytes = text
    .replaceAll('=\r\n', '')
    .replaceAll(/=([0-9A-F]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
  return Buffer.from(bytes, 'latin1').toString();
}

it('sends one mail to everybody, with severity and ratio in its subject', async () => {
  const mail = await mailed({}, { to: ['ada@example.com', 'ben@example.com'] });
  expect([mail.from, mail.to]).toEqual(['evenkeel@example.com', ['ada@example.com', 'ben@example.com']]);
  expect(mail.header('subject')).toBe('[critical] orders POST /orders: latency 5.2×');
  expect(mail.header('from')).toBe(from);
  expect(mail.header('auto-submitted')).toBe('auto-generated');
});

it('says the same in text and in HTML', async () => {
  const body = unquoted(await mailed());
  expect(body).toContain('Content-Type: text/plain; charset=utf-8');
  expect(body).toContain('Content-Type: text/html; charset=utf-8');
  const told = [
    'POST /orders takes 5.2 times as long as it did.',
    'look at payments charge first',
    'p99 6×',
    'service.version 1.3.0',
  ];
  for (const words of told) expect(body.split(words)).toHaveLength(3);
  expect(body).toContain('page: https://evenkeel.example.com/#/violations/g1');
  expect(body).toContain('<a href="https://evenkeel.example.com/#/violations/g1">');
});

it('is the same mail however often it is sent, and one thread with the others of its alert', async () => {
  const [first, again, end] = [await mailed(), await mailed(), await mailed({ id: 'g1.7', occasion: 'resolved' })];
  expect(again.header('message-id')).toBe(first.header('message-id'));
  expect(end.header('message-id')).not.toBe(first.header('message-id'));
  expect(end.header('references')).toBe(first.header('references'));
  expect(end.header('subject')).toBe('[resolved] orders POST /orders: latency');
});

it('lets no name of a sender begin a header or an element', async () => {
  const operation = 'GET\r\nBcc: eve@example.com\r\n\r\n<img src=x onerror=alert(1)>"';
  const group = violationGroup('critical', { members: [violation({ operation })] });
  const mail = await mailed({ group, subject: violation({ operation }).subject });
  expect(mail.to).toEqual(['ada@example.com']);
  expect(mail.header('bcc')).toBe('');
  expect(mail.header('subject')).toContain('GET Bcc: eve@example.com <img');
  const [, html = ''] = unquoted(mail).split('text/html');
  expect(html).toContain('&lt;img src=x onerror=alert(1)&gt;');
  expect(html).not.toContain('<img');
});

it('counts as delivered where some get it, and says that others do not', async () => {
  const server = await mailServer({
    onRcptTo: ({ address }, _, done) =>
      done(address.startsWith('gone') ? Object.assign(new Error('no such box'), { responseCode: 550 }) : null),
  });
  const { send, log } = opened(config(server.port, { to: ['ada@example.com', 'gone@example.com'] }));
  expect(await send()).toEqual({ outcome: 'delivered' });
  expect(server.mails).toMatchObject([{ to: ['ada@example.com'] }]);
  expect(log).toEqual(['warning MAIL_ops 1 of 2 receivers were refused']);
});

it('turns to TLS before it logs in, with whom the configured authority signed', async () => {
  const server = await mailServer({
    ...TLS,
    authOptional: false,
    onAuth: ({ username, password }, _, done) => {
      if (username === 'evenkeel' && password === 'hidden-word') done(null, { user: username });
      else done(Object.assign(new Error(`${password} is wrong`), { responseCode: 535 }));
    },
  });
  const login = { security: 'starttls', user: 'evenkeel', password: 'hidden-word', ca_file: tlsFile('ca.pem') };
  expect(await opened(config(server.port, login)).send()).toEqual({ outcome: 'delivered' });
  expect(server.mails).toMatchObject([{ user: 'evenkeel', isSecure: true }]);
  const wrong = await opened(config(server.port, { ...login, password: 'another-hidden-word' })).send();
  expect(wrong).toEqual({ outcome: 'refused', why: 'SMTP 535 (EAUTH)' });
  const unknown = await opened(config(server.port, { ...login, ca_file: tlsFile('other-ca.pem') })).send();
  expect(unknown).toMatchObject({ outcome: 'again' });
  expect(server.mails).toHaveLength(1);
});

it('begins with TLS where it is told to', async () => {
  const server = await mailServer({ ...TLS, secure: true });
  const secured = { security: 'tls', ca_file: tlsFile('ca.pem') };
  expect(await opened(config(server.port, secured)).send()).toEqual({ outcome: 'delivered' });
  expect(server.mails).toMatchObject([{ isSecure: true }]);
});

it('sends nothing in the clear to a server without TLS, unless told to', async () => {
  const server = await mailServer();
  for (const login of [{}, { user: 'evenkeel', password: 'hidden-word' }]) {
    const answer = await opened(config(server.port, { security: 'starttls', ...login })).send();
    expect(answer.outcome).not.toBe('delivered');
    expect(JSON.stringify(answer)).not.toContain('hidden-word');
  }
  expect(server.mails).toEqual([]);
});
