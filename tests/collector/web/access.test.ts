import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { BooksAnswer } from '../../../collector/src/web/api.ts';
import { webConfig } from '../../../collector/src/web/config.ts';
import { WebServer } from '../../../collector/src/web/server.ts';
import { clientTls, tlsFile, touch } from '../../support/certificates.ts';
import { type Answered, send } from '../../support/http.ts';
import { testHost, type TestHost } from '../../support/surroundings.ts';
import { QUIET_METRICS } from '../../support/metric-views.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { QUIET_SAMPLING } from '../../support/sampler.ts';

const TOKEN = 'a-token-of-some-length';
const BEARER = { authorization: `Bearer ${TOKEN}` };
const HTML = { accept: 'text/html,application/xhtml+xml' };
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const SESSION_MS = 12 * 3_600_000;

interface Locked {
  readonly url: string;
  readonly host: TestHost;
  ask(path: string, headers?: Record<string, string>, method?: string, body?: string): Promise<Answered>;
  /** The `cookie` header of somebody who signed in. */
  signIn(): Promise<{ cookie: string }>;
}

async function openPage(config: object = { auth: { tokens: [TOKEN] } }): Promise<Locked> {
  const host = testHost();
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'index.html'), '<!doctype html>the page');
  const views = {
    operations: undefined,
    traces: undefined,
    books: () => ({}) as BooksAnswer,
    ...QUIET_METRICS,
    why: () => Promise.reject(new Error('nothing is sampled here')),
    sampling: () => QUIET_SAMPLING,
    pin: () => true,
    health: () => ({ status: 'ok', version: '1.2.3' }) as const,
  };
  const server = new WebServer(webConfig.parse({ port: 0, ...config }), host, views, folder);
  await server.start();
  onTestFinished(() => server.stop());
  const { url } = server;
  const ask: Locked['ask'] = (path, headers = {}, method = 'GET', body) =>
    send(url + path, { headers, method, tls: clientTls(), ...(body === undefined ? {} : { body }) });
  const signIn = async (): Promise<{ cookie: string }> => {
    const answer = await ask('/login', { ...FORM, origin: url }, 'POST', `token=${TOKEN}`);
    expect([answer.status, answer.headers.location]).toEqual([303, './']);
    return { cookie: answer.headers['set-cookie']?.[0]?.split(';')[0] ?? '' };
  };
  return { url, host, ask, signIn };
}

describe('a locked page', () => {
  it('shows nothing without a token but that it lives', async () => {
    const { ask } = await openPage();
    for (const path of ['/health', '/ready']) expect((await ask(path)).status).toBe(200);
    for (const path of [
      '/',
      '/index.html',
      '/api/books',
      '/api/traces',
      '/api/events',
      '/nothing',
      '/health/',
      '/login',
    ]) {
      for (const headers of [
        {},
        { authorization: 'Bearer wrong-token-0123456789' },
        { cookie: 'evenkeel_session=1.2' },
      ]) {
        const answer = await ask(path, headers);
        expect([path, answer.status, answer.headers['www-authenticate']]).toEqual([
          path,
          401,
          'Bearer realm="evenkeel"',
        ]);
        expect(answer.body.toString()).toBe('{"error":"a token is needed"}');
      }
    }
    expect((await ask(`/api/books?token=${TOKEN}`)).status).toBe(401);
  });

  it('opens to a program with its token', async () => {
    const { ask } = await openPage();
    expect((await ask('/api/books', BEARER)).status).toBe(200);
    expect((await ask('/', { ...BEARER, ...HTML })).body.toString()).toContain('the page');
  });

  it('shows a browser a form, and lets it in with a session that scripts and other sites cannot use', async () => {
    const { ask, url, signIn } = await openPage();
    const form = await ask('/', HTML);
    expect(form.status).toBe(401);
    expect(form.body.toString()).toContain('<form method="post" action="login">');
    // Else the browser would say `Origin: null` with the form.
    expect(form.headers['referrer-policy']).toBe('same-origin');
    expect(form.headers['content-security-policy']).toContain("form-action 'self'");
    const answer = await ask('/login', { ...FORM, origin: url }, 'POST', `token=${encodeURIComponent(TOKEN)}`);
    expect(answer.headers['set-cookie']?.[0]).toMatch(
      /^evenkeel_session_\d+=\d+\.[\w-]{43}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/,
    );
    expect(answer.headers['set-cookie']?.[0]).not.toContain(TOKEN);
    const session = await signIn();
    expect((await ask('/', { ...session, ...HTML })).body.toString()).toContain('the page');
    expect((await ask('/api/books', { cookie: `a=b; ${session.cookie}; c=d` })).status).toBe(200);
    const bent = session.cookie.replace(/=\d+/, '=9999999999999');
    expect((await ask('/api/books', { cookie: bent })).status).toBe(401);
  });

  it('keeps its session to TLS where it has TLS', async () => {
    const tls = { cert_file: tlsFile('server.pem'), key_file: tlsFile('server.key.pem') };
    const { ask, url, signIn } = await openPage({ tls, auth: { tokens: [TOKEN] } });
    expect(url).toMatch(/^https:/);
    const answer = await ask('/login', FORM, 'POST', `token=${TOKEN}`);
    expect(answer.headers['set-cookie']?.[0]).toMatch(/; SameSite=Strict; Secure$/);
    expect((await ask('/api/books', await signIn())).status).toBe(200);
  });

  it('does not sign in who has no token, or comes from another page', async () => {
    const { ask, url } = await openPage();
    const check = async (headers: Record<string, string>, body: string, status: number): Promise<void> => {
      const answer = await ask('/login', { ...FORM, ...headers }, 'POST', body);
      expect([answer.status, answer.headers['set-cookie']]).toEqual([status, undefined]);
    };
    await check({ origin: url }, 'token=wrong-token-0123456789', 401);
    await check({ origin: url }, '', 401);
    await check({ origin: url }, `name=${TOKEN}`, 401);
    await check({ origin: 'http://evil.example' }, `token=${TOKEN}`, 403);
    await check({ origin: 'null' }, `token=${TOKEN}`, 403);
    await check({ 'sec-fetch-site': 'cross-site' }, `token=${TOKEN}`, 403);
    await check({ host: 'evil.example' }, `token=${TOKEN}`, 403);
  });

  it('ends a session with its time, or with its token', async () => {
    const token_file = join(temporaryFolder(), 'tokens');
    writeFileSync(token_file, TOKEN);
    const { ask, host, signIn } = await openPage({ auth: { token_file } });
    const early = await signIn();
    host.clock.advance(SESSION_MS - 1);
    const late = await signIn();
    const statuses = async (): Promise<number[]> =>
      Promise.all([early, late].map(async (session) => (await ask('/api/books', session)).status));
    expect(await statuses()).toEqual([200, 200]);
    host.clock.advance(1);
    expect(await statuses()).toEqual([401, 200]);
    writeFileSync(token_file, `another-${TOKEN}`);
    touch(token_file);
    host.clock.advance(30_000);
    expect(await statuses()).toEqual([401, 401]);
  });

  it('ends open event streams with the session', async () => {
    const { url, host, signIn } = await openPage();
    const session = await signIn();
    host.clock.advance(SESSION_MS - 2000);
    const stream = await fetch(`${url}/api/events`, { headers: session });
    host.clock.advance(5000);
    // At once and a second later; after two seconds the session is over.
    expect((await stream.text()).match(/event: books/g)).toHaveLength(2);
  });
});

describe('what changes something', () => {
  const check = async (
    { ask }: Locked,
    headers: Record<string, string>,
    status: number,
    path = '/api/books',
  ): Promise<void> => {
    expect([headers, (await ask(path, headers, 'POST', '{}')).status]).toEqual([headers, status]);
  };

  it('needs a token or a page of ours where the page is locked', async () => {
    const page = await openPage();
    const session = await page.signIn();
    const origin = page.url;
    // 405 is past the lock: nothing can be changed there yet.
    await check(page, BEARER, 405);
    await check(page, { ...BEARER, origin }, 405);
    await check(page, { ...session, origin }, 405);
    await check(page, {}, 401);
    await check(page, { origin }, 401);
    await check(page, session, 401);
    for (const foreign of ['http://evil.example', 'null', 'http://127.0.0.1:1', 'http://localhost', 'evil'])
      for (const shown of [BEARER, session]) await check(page, { ...shown, origin: foreign }, 403);
    for (const site of ['cross-site', 'same-site'])
      await check(page, { ...session, origin, 'sec-fetch-site': site }, 403);
    await check(page, { ...session, origin, 'sec-fetch-site': 'same-origin' }, 405);
  });

  it('comes from this machine under its own name where it is not', async () => {
    const page = await openPage({ host_names: ['sidecar.internal'] });
    const { host } = new URL(page.url);
    await check(page, {}, 405);
    await check(page, { host: 'localhost:4320', origin: 'http://localhost:4320' }, 405);
    await check(page, { host, origin: `http://${host}` }, 405);
    await check(page, { host, origin: 'http://evil.example' }, 403);
    await check(page, { host: 'localhost:4320', origin: 'http://localhost:3000' }, 403);
    // A proxy in front passes on names and senders that are not of this machine.
    await check(page, { host: 'sidecar.internal', origin: 'http://sidecar.internal' }, 403);
    await check(page, { host: '10.1.2.3:4320' }, 403);
    await check(page, { 'x-forwarded-for': '10.1.2.3' }, 403);
    await check(page, {}, 405, '/login');
  });

  it('is told beforehand whether it would be taken, without being tried', async () => {
    const says = async ({ ask }: Locked, headers: Record<string, string>, reason: string): Promise<void> => {
      const answer = await ask('/api/access', headers);
      const expected = { mayWrite: reason === '', reason };
      expect([headers, answer.status, JSON.parse(answer.body.toString())]).toEqual([headers, 200, expected]);
    };
    const open = await openPage({ host_names: ['sidecar.internal'] });
    const fromElsewhere = 'without web.auth, changes are taken from this machine only';
    await says(open, {}, '');
    await says(open, { 'sec-fetch-site': 'same-origin' }, '');
    await says(open, { host: 'sidecar.internal' }, fromElsewhere);
    await says(open, { 'x-forwarded-for': '10.1.2.3' }, fromElsewhere);
    await says(open, { 'sec-fetch-site': 'cross-site' }, 'this comes from another web page');
    const locked = await openPage();
    await says(locked, BEARER, '');
    await says(locked, await locked.signIn(), '');
    expect((await locked.ask('/api/access')).status).toBe(401);
  });
});
