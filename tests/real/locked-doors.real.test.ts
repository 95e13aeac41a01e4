// Stock programs at locked doors: Python and Go services over HTTP and gRPC, Prometheus and a browser get in as the
// README says; whoever shows a wrong token or no certificate stays out.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import type { BooksAnswer } from '../../collector/src/web/api.ts';
import { clientTls, tlsFile } from '../support/certificates.ts';
import { eventually } from '../support/eventually.ts';
import { send } from '../support/http.ts';
import { startPrometheus } from '../support/prometheus.ts';
import { describeWith, goProgram, PROGRAMS, pythonEnvironment } from '../support/real-parts.ts';
import { type RunningSidecar, startSidecar } from '../support/sidecar.ts';

const exec = promisify(execFile);

/** Each order makes two spans. */
const ORDERS = 100;
const SPANS = 2 * ORDERS;

const TOKEN = 'hidden-word-0123456789';
const WRONG = 'wrong-word-0123456789';
const TLS = `cert_file: ${tlsFile('server.pem')}, key_file: ${tlsFile('server.key.pem')}`;
const AUTH = `auth: { tokens: [${TOKEN}] }`;

const PROTOCOLS = ['http/protobuf', 'grpc'] as const;
type Protocol = (typeof PROTOCOLS)[number];
type Command = readonly [program: string, ...args: string[]];

/** Every door with TLS and a token; those for telemetry with client certificates as well where `extra` says so. */
function startLocked(extra = ''): Promise<RunningSidecar> {
  const door = `{ tls: { ${TLS}${extra} }, ${AUTH} }`;
  const own = `{ tls: { ${TLS} }, ${AUTH} }`;
  const config = `receive: { http: ${door}, grpc: ${door} }\nexport: { prometheus: ${own} }\nweb: ${own}\n`;
  return startSidecar({ config });
}

async function booksOf({ urls }: RunningSidecar): Promise<BooksAnswer> {
  const headers = { authorization: `Bearer ${TOKEN}` };
  const { body } = await send(`${urls.page}/api/books`, { tls: clientTls(), headers });
  return JSON.parse(body.toString()) as BooksAnswer;
}

/** Runs the shop with what the README tells a service to set. */
async function runShop(
  [program, ...args]: Command,
  { urls }: RunningSidecar,
  protocol: Protocol,
  token: string,
  env: Record<string, string> = {},
): Promise<void> {
  const endpoint = protocol === 'grpc' ? urls.otlpGrpc : urls.otlpHttp;
  expect(endpoint).toMatch(/^https:/);
  await exec(program, args, {
    env: {
      OTEL_SERVICE_NAME: 'shop',
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      OTEL_EXPORTER_OTLP_CERTIFICATE: tlsFile('ca.pem'),
      OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${token}`,
      // Who is not let in shall not try for long; milliseconds in Go, seconds in Python.
      OTEL_EXPORTER_OTLP_TIMEOUT: program.endsWith('python') ? '5' : '5000',
      ORDERS: String(ORDERS),
      ...env,
    },
    // A service says on its own way that it is not let in, some by how they end; the books are what is checked.
  }).catch((error: unknown) => error);
}

const LANGUAGES = [
  [
    'python',
    async (path: string): Promise<Command> => [await pythonEnvironment(path), join(PROGRAMS, 'python/shop.py')],
  ],
  ['go', async (path: string): Promise<Command> => [await goProgram(path, 'shop')]],
] as const;

for (const [language, prepare] of LANGUAGES) {
  describeWith([language], `a ${language} service at locked doors`, (paths) => {
    let command: Command;
    beforeAll(async () => {
      command = await prepare(Object.values<string>(paths)[0] ?? '');
    });

    it.each(PROTOCOLS)('gets in with its token over %s, and with no other', async (protocol) => {
      const sidecar = await startLocked();
      await runShop(command, sidecar, protocol, WRONG);
      const refused = await booksOf(sidecar);
      expect([refused.spans.accepted, refused.refused.map(({ reason }) => reason)]).toEqual([0, ['unauthorized']]);
      await runShop(command, sidecar, protocol, TOKEN);
      expect((await booksOf(sidecar)).spans).toMatchObject({ accepted: SPANS, balanced: true });
      expect(sidecar.stderr()).not.toContain('-word-0123456789');
    });

    it.each(PROTOCOLS)('gets in with its certificate over %s, and without it not', async (protocol) => {
      const sidecar = await startLocked(`, client_ca_file: ${tlsFile('ca.pem')}`);
      await runShop(command, sidecar, protocol, TOKEN);
      expect((await booksOf(sidecar)).spans.accepted).toBe(0);
      await eventually(sidecar.stderr, () => sidecar.stderr().includes('TLS_CLIENT_receive'));
      await runShop(command, sidecar, protocol, TOKEN, {
        OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: tlsFile('client.pem'),
        OTEL_EXPORTER_OTLP_CLIENT_KEY: tlsFile('client.key.pem'),
      });
      expect((await booksOf(sidecar)).spans.accepted).toBe(SPANS);
    });
  });
}

describeWith(['prometheus'], 'Prometheus at the locked metrics page', ({ prometheus }) => {
  it('scrapes it with TLS and a token', async () => {
    const sidecar = await startLocked();
    const access = `tls_config: { ca_file: ${tlsFile('ca.pem')} }\nauthorization: { credentials: ${TOKEN} }`;
    const { query } = await startPrometheus(prometheus, sidecar.urls.metrics, access);
    const series = await eventually('the books in Prometheus', async () => {
      const found = await query('evenkeel_receive_spans_total');
      return found.length > 0 && found;
    });
    expect(series.map(({ points }) => points[0]?.value)).toEqual([0]);
  });
});

describeWith(['chromium'], 'a browser at the locked page', (paths) => {
  it('signs in with a token, sees the page live, and is kept signed in', async () => {
    const sidecar = await startLocked();
    const args = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'];
    const browser = await chromium.launch({ executablePath: paths.chromium, args });
    onTestFinished(() => browser.close());
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    const page = await context.newPage();
    const first = await page.goto(sidecar.urls.page);
    expect(first?.status()).toBe(401);
    await page.getByLabel('Token').fill(WRONG);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').filter({ hasText: 'does not let in' }).waitFor();
    await page.getByLabel('Token').fill(TOKEN);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('link', { name: 'Books' }).click();
    await page.getByText('Live', { exact: false }).first().waitFor();
    expect(page.url()).not.toContain(TOKEN);
    const [cookie] = await context.cookies();
    expect(cookie).toMatchObject({ httpOnly: true, secure: true, sameSite: 'Strict' });
    // Past the lock, where nothing can be changed: what scripts of the page send is taken for the page's own.
    expect(await page.evaluate(async () => (await fetch('api/books', { method: 'POST' })).status)).toBe(405);
    const again = await page.reload();
    expect(again?.status()).toBe(200);
  });
});
