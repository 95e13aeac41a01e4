// Locked doors from outside: a service with @evenkeel/sdk, and another sidecar, get in by the standard environment
// variables; whoever has no token or no certificate stays out and is counted.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { BooksAnswer } from '../../collector/src/web/api.ts';
import { clientTls, tlsFile } from '../support/certificates.ts';
import { runCommand, startCommand } from '../support/command.ts';
import { eventually } from '../support/eventually.ts';
import { type Answered, post, send } from '../support/http.ts';
import { type RunningSidecar, startSidecar } from '../support/sidecar.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { testSpan } from '../support/test-span.ts';
import { bodyOf } from '../support/traffic.ts';

const PROGRAM = fileURLToPath(new URL('../fixtures/sdk/program.mjs', import.meta.url));
const TOKEN = 'hidden-word-0123456789';
const SERVER = `cert_file: ${tlsFile('server.pem')}, key_file: ${tlsFile('server.key.pem')}`;
const TLS = `tls: { ${SERVER} }`;
const MUTUAL = `tls: { ${SERVER}, client_ca_file: ${tlsFile('ca.pem')} }`;
const AUTH = `auth: { tokens: ["\${env:TOKEN}"] }`;
const TRUSTING = { OTEL_EXPORTER_OTLP_CERTIFICATE: tlsFile('ca.pem') };
const WITH_TOKEN = { ...TRUSTING, OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${TOKEN}` };
const CLIENT = {
  OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: tlsFile('client.pem'),
  OTEL_EXPORTER_OTLP_CLIENT_KEY: tlsFile('client.key.pem'),
};

function locked(locks: string): Promise<RunningSidecar> {
  const config = `receive: { http: { ${locks} } }\nexport: { prometheus: { ${locks} } }\nweb: { ${TLS}, ${AUTH} }\n`;
  return startSidecar({ config: `${config}sample: false\nsources: { unsampled: [shop] }\n`, env: { TOKEN } });
}

function ask({ urls }: RunningSidecar, path: string): Promise<Answered> {
  return send(urls.page + path, { tls: clientTls(), headers: { authorization: `Bearer ${TOKEN}` } });
}

async function booksOf(sidecar: RunningSidecar): Promise<BooksAnswer> {
  return JSON.parse((await ask(sidecar, '/api/books')).body.toString()) as BooksAnswer;
}

/** A service that makes two spans, tells of them and ends. */
async function runService({ urls }: RunningSidecar, env: Record<string, string>): Promise<string> {
  const args = [PROGRAM, JSON.stringify({ serviceName: 'shop', runtimeMetrics: false }), '["shutdown"]'];
  const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: urls.otlpHttp, ...env };
  const child = spawn(process.execPath, args, { env: environment, stdio: ['ignore', 'ignore', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let stderr = '';
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
  expect(await once(child, 'close')).toEqual([0, null]);
  return stderr;
}

describe('a service with @evenkeel/sdk', () => {
  it('gets in with the token, over TLS', async () => {
    const sidecar = await locked(`${TLS}, ${AUTH}`);
    expect(sidecar.urls).toMatchObject({
      otlpHttp: expect.stringMatching(/^https:/) as string,
      metrics: expect.stringMatching(/^https:/) as string,
      page: expect.stringMatching(/^https:/) as string,
    });
    expect(await runService(sidecar, WITH_TOKEN)).toBe('');
    expect((await booksOf(sidecar)).spans).toMatchObject({ accepted: 2, balanced: true });
    expect(sidecar.stderr()).toBe('');
  });

  it('stays out without it, and is counted', async () => {
    const sidecar = await locked(`${TLS}, ${AUTH}`);
    for (const headers of [{}, { OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20wrong-word-0123456789' }])
      expect(await runService(sidecar, { ...TRUSTING, ...headers })).toMatch(/not delivered: HTTP 401 .*EXPORT_FAILED/);
    // Does not trust the certificate.
    expect(await runService(sidecar, { ...WITH_TOKEN, OTEL_EXPORTER_OTLP_CERTIFICATE: '' })).toContain('EXPORT_FAILED');
    const { spans, refused } = await booksOf(sidecar);
    expect([spans.accepted, refused.map(({ reason }) => reason)]).toEqual([0, ['unauthorized']]);
    const metrics = await send(sidecar.urls.metrics, {
      tls: clientTls(),
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    expect(metrics.body.toString()).toMatch(/refused_total\{reason="unauthorized"\} [1-9]/);
    expect(metrics.body.toString() + sidecar.stderr()).not.toContain('-word-0123456789');
  });

  it('gets in with a client certificate where one is asked for', async () => {
    const sidecar = await locked(MUTUAL);
    expect(await runService(sidecar, TRUSTING)).toContain('EXPORT_FAILED');
    expect((await booksOf(sidecar)).spans.accepted).toBe(0);
    expect(await runService(sidecar, { ...TRUSTING, ...CLIENT })).toBe('');
    expect((await booksOf(sidecar)).spans.accepted).toBe(2);
    await eventually(sidecar.stderr, () => sidecar.stderr().includes('TLS_CLIENT_receive.http'));
  });
});

describe('a sidecar that sends to another one', () => {
  it('gets in with its certificate and token, from the environment', async () => {
    const behind = await locked(`${MUTUAL}, ${AUTH}`);
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: behind.urls.otlpHttp, ...WITH_TOKEN, ...CLIENT };
    const before = await startSidecar({ config: 'sample: false\nsources: { unsampled: ["*"] }\n', env });
    expect((await post(`${before.urls.otlpHttp}/v1/traces`, bodyOf([testSpan()]))).status).toBe(200);
    await eventually('the span', async () => (await booksOf(behind)).spans.accepted === 1);
    expect(await before.stop()).toEqual({ code: 0, signal: null });
    expect(before.stderr()).toBe('');
  });
});

describe('evenkeel run', () => {
  it('says where its locked doors are', async () => {
    const config = join(temporaryFolder(), 'evenkeel.yaml');
    writeFileSync(
      config,
      `receive: { http: { port: 0, ${TLS} }, grpc: false }\nexport: { prometheus: false }\nweb: false\nstore: false\n`,
    );
    const { output, child, ended } = startCommand(['run', '--config', config]);
    await eventually(output, () => output().includes('https://'));
    expect(output()).toMatch(/^evenkeel is running\n {2}OTLP\/HTTP +https:\/\/127\.0\.0\.1:\d+\n$/);
    child.kill();
    expect((await ended).code).toBe(0);
  });

  it('does not start behind a lock that does not work, and shows no token', async () => {
    const folder = temporaryFolder();
    const tokens = join(folder, 'tokens');
    const check = async (locks: string, ...texts: string[]): Promise<void> => {
      const ended = await runCommand(['run', '--set', `receive.http={ port: 0, ${locks} }`], { TOKEN }, folder);
      expect([ended.code, ended.stdout]).toEqual([1, '']);
      for (const text of texts) expect(ended.stderr).toContain(text);
      expect(ended.stderr).not.toContain('hidden');
    };
    await check('auth: { tokens: [hidden] }', 'receive.http.auth.tokens[0]: a token is 16 to 4096');
    writeFileSync(tokens, '\n');
    await check(
      `auth: { token_file: ${tokens} }`,
      `receive.http.auth.token_file: a token file cannot be used: ${tokens} holds no token`,
      'hint:',
    );
    writeFileSync(tokens, 'hidden\n');
    await check(`auth: { token_file: ${tokens} }`, `${tokens} line 1`);
    const mismatch = `tls: { cert_file: ${tlsFile('server.pem')}, key_file: ${tlsFile('client.key.pem')} }`;
    await check(mismatch, tlsFile('client.key.pem'), 'a certificate cannot be used', 'key values mismatch');
    await check(
      'tls: { cert_file: /no/such.pem, key_file: /no/such.key }',
      '/no/such.pem (ENOENT)',
      '/no/such.key (ENOENT)',
    );
  });
});
