import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createCollector } from '../../../collector/src/collector.ts';
import { parseConfig } from '../../../collector/src/config/load.ts';
import { exposures, fileProblems } from '../../../collector/src/pipeline/locks.ts';
import { clientTls, tlsFile } from '../../support/certificates.ts';
import { post, send } from '../../support/http.ts';
import { startCollector } from '../../support/running-collector.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { testSpan } from '../../support/test-span.ts';
import { bodyOf } from '../../support/traffic.ts';

const TLS = `tls: { cert_file: ${tlsFile('server.pem')}, key_file: ${tlsFile('server.key.pem')} }`;
const MUTUAL = TLS.replace(' }', `, client_ca_file: ${tlsFile('ca.pem')} }`);
const TOKEN = 'a-token-of-some-length';
const AUTH = `auth: { tokens: [${TOKEN}] }`;
const WRONG = { authorization: 'Bearer wrong-token-0123456789' };
const RIGHT = { authorization: `Bearer ${TOKEN}` };

describe('a listener beyond loopback', () => {
  it('is named with what it lacks, and only then', () => {
    const check = (web: string, expected?: RegExp): void => {
      const problems = exposures(parseConfig(`web: { ${web} }`, 'test'));
      expect([...problems]).toEqual(expected === undefined ? [] : [['web', expect.stringMatching(expected)]]);
    };
    check('host: 127.0.0.1');
    check('host: 127.1.2.3');
    check('host: "::1"');
    check('host: localhost');
    check('host: 0.0.0.0', /^web listens on 0\.0\.0\.0 without authentication and without TLS; anyone who reaches it/);
    check('host: "::"', /without authentication and without TLS/);
    check('host: 10.1.2.3', /without authentication and without TLS/);
    check(`host: 0.0.0.0, ${TLS}`, /without authentication; anyone/);
    check(`host: 0.0.0.0, ${AUTH}`, /without TLS; anyone on the way can read its tokens/);
    check(`host: 0.0.0.0, ${MUTUAL}`);
    check(`host: 0.0.0.0, ${TLS}, ${AUTH}`);
  });

  it('is each one by itself', () => {
    const everywhere = 'host: 0.0.0.0';
    const config = parseConfig(
      `receive: { http: { ${everywhere} }, grpc: { ${everywhere} } }
web: { ${everywhere} }
export: { prometheus: { ${everywhere} } }`,
      'test',
    );
    expect([...exposures(config).keys()]).toEqual(['receive.http', 'receive.grpc', 'web', 'export.prometheus']);
  });

  it('is warned of at the start, and not where it is locked', async () => {
    const { log } = await startCollector(
      `receive: { http: { host: 0.0.0.0, ${TLS}, ${AUTH} } }\nweb: { host: 0.0.0.0 }`,
    );
    const warnings = log.filter((line) => line.includes('EXPOSED'));
    expect(warnings).toEqual([
      expect.stringContaining('warning collector EXPOSED_web: web listens on 0.0.0.0 without authentication'),
    ]);
  });
});

describe('files that a configuration names', () => {
  it('are all looked at, and each that cannot be used is told under its key, without its content', () => {
    const folder = temporaryFolder();
    const [empty, words] = [join(folder, 'empty'), join(folder, 'words')];
    writeFileSync(empty, '');
    writeFileSync(words, 'hidden-word-0123456789\nhidden word\n');
    const problems = fileProblems(
      parseConfig(
        `receive:
  http: { tls: { cert_file: /no/such.pem, key_file: ${folder}, client_ca_file: ${words} }, auth: { token_file: ${empty} } }
  grpc: { tls: { cert_file: ${tlsFile('server.pem')}, key_file: ${tlsFile('renewed.key.pem')} } }
export:
  prometheus: { auth: { token_file: ${words} } }
  otlp: { next: { endpoint: "https://next:4318", ca_file: ${empty}, cert_file: ${words}, key_file: /no/such.key } }
web: { tls: { cert_file: ${tlsFile('server.pem')}, key_file: ${tlsFile('server.key.pem')} }, auth: { token_file: /no/such } }
scrape: { jobs: [{ name: shop, targets: ["shop:9100"], tls: { ca_file: ${words} } }] }
alert:
  channels:
    mail: { type: email, host: mail, from: a@example.com, to: [b@example.com], ca_file: ${words} }
    hook: { type: webhook, url: "https://hook", cert_file: ${words}, key_file: /no/such.key }
    none: false`,
        'test',
      ),
    );
    const found = problems.map(({ path, message }) => `${path}: ${message}`);
    expect(found).toEqual([
      'receive.http.tls.cert_file: a certificate file cannot be read: /no/such.pem (ENOENT)',
      `receive.http.tls.key_file: a certificate file cannot be read: ${folder} (EISDIR)`,
      expect.stringMatching(/^receive\.http\.tls\.client_ca_file: .*words holds no PEM certificate/),
      `receive.http.auth.token_file: a token file cannot be used: ${empty} holds no token`,
      expect.stringMatching(/^receive\.grpc\.tls\.key_file: .*server\.pem, .*renewed\.key\.pem: key values mismatch$/),
      expect.stringMatching(
        /^web\.auth\.token_file: a token file cannot be used: \/no\/such cannot be read \(ENOENT\)$/,
      ),
      expect.stringMatching(/^export\.prometheus\.auth\.token_file: .*words line 2: a token is 16 to/),
      expect.stringMatching(/^export\.otlp\.next\.cert_file: .*words holds no PEM certificate/),
      'export.otlp.next.key_file: a certificate file cannot be read: /no/such.key (ENOENT)',
      expect.stringMatching(/^export\.otlp\.next\.ca_file: .*empty holds no PEM certificate/),
      expect.stringMatching(/^scrape\.jobs\[0\]\.tls\.ca_file: .*words holds no PEM certificate/),
      expect.stringMatching(/^alert\.channels\.mail\.ca_file: .*words holds no PEM certificate/),
      expect.stringMatching(/^alert\.channels\.hook\.cert_file: .*words holds no PEM certificate/),
      'alert.channels.hook.key_file: a certificate file cannot be read: /no/such.key (ENOENT)',
    ]);
    expect(found.join()).not.toContain('hidden');
  });

  it('are no problem where they are sound', () => {
    expect(fileProblems(parseConfig(`web: { ${MUTUAL} }\nreceive: { http: { ${TLS}, ${AUTH} } }`, 'test'))).toEqual([]);
  });
});

describe('a lock that does not work', () => {
  it('stops the start before anything has started', async () => {
    const check = async (yaml: string, code: string, ...named: string[]): Promise<void> => {
      const path = join(temporaryFolder(), 'store');
      const overrides = [{ path: ['store', 'path'], value: path }];
      const collector = await createCollector(parseConfig(yaml, 'test', overrides));
      onTestFinished(() => collector.stop());
      const error = await collector.start().catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code });
      for (const name of named) expect((error as Error).message).toContain(name);
      expect(existsSync(path)).toBe(false);
    };
    const missing = 'tls: { cert_file: /no/such.pem, key_file: /no/such.key }';
    await check(`receive: { http: { ${missing} } }`, 'CERTIFICATE_UNREADABLE', '/no/such.pem (receive.http.tls)');
    await check(`receive: { grpc: { ${missing} } }`, 'CERTIFICATE_UNREADABLE', '/no/such.pem (receive.grpc.tls)');
    const mismatch = TLS.replace('server.key', 'renewed.key');
    await check(`web: { ${mismatch} }`, 'CERTIFICATE_INVALID', 'server.pem', 'renewed.key.pem', '(web.tls)');
    const tokens = 'auth: { token_file: /no/such/tokens }';
    await check(`export: { prometheus: { ${tokens} } }`, 'TOKENS_UNUSABLE', '/no/such/tokens (export.prometheus.auth');
    const client = `cert_file: ${tlsFile('client.pem')}, key_file: ${tlsFile('server.key.pem')}`;
    await check(
      `export: { otlp: { backend: { endpoint: "https://127.0.0.1:1", ${client} } } }`,
      'CERTIFICATE_INVALID',
      'export.otlp.backend',
    );
  });
});

describe('a whole sidecar behind locks', () => {
  it('takes spans, shows metrics and the page to whom it knows, and counts the others', async () => {
    const locks = `${TLS}, ${AUTH}`;
    const { urls, books } = await startCollector(
      `receive: { http: { ${locks} } }\nexport: { prometheus: { ${locks} } }\nweb: { ${locks} }`,
    );
    for (const url of [urls.otlpHttp, urls.metrics, urls.page]) expect(url).toMatch(/^https:\/\//);
    const tls = clientTls();
    const traces = async (headers: Record<string, string>, type = 'application/x-protobuf'): Promise<unknown[]> => {
      const url = `${urls.otlpHttp}/v1/traces`;
      const body = bodyOf([testSpan()]);
      const sent = { method: 'POST', body, tls, headers: { 'content-type': type, ...headers } };
      const answer = await send(url, sent);
      return [answer.status, answer.headers['www-authenticate'], answer.body.toString()];
    };
    expect(await traces(RIGHT)).toEqual([200, undefined, '']);
    const told = [401, 'Bearer realm="evenkeel"', expect.stringContaining('send a valid token')];
    expect(await traces({})).toEqual(told);
    expect(await traces(WRONG)).toEqual(told);
    expect(await traces(WRONG, 'application/json')).toEqual([
      ...told.slice(0, 2),
      expect.stringContaining('"code":16'),
    ]);
    expect(books()).toMatchObject({ spans: { accepted: 1, balanced: true } });
    for (const url of [urls.metrics, `${urls.page}/api/books`]) {
      for (const headers of [{}, WRONG]) expect((await send(url, { headers, tls })).status).toBe(401);
      expect((await send(url, { headers: RIGHT, tls })).status).toBe(200);
    }
    const page = (await send(urls.metrics, { headers: RIGHT, tls })).body.toString();
    expect(page).toMatch(/evenkeel_receive_refused_total\{reason="unauthorized"\} 3\n/);
    expect(page).not.toContain(TOKEN);
  });

  it('judges the token before it reads the body', async () => {
    const { urls, metrics } = await startCollector(`receive: { http: { ${AUTH}, max_body: 1KiB } }`);
    expect((await post(`${urls.otlpHttp}/v1/traces`, Buffer.alloc(4096))).status).toBe(401);
    expect((await post(`${urls.otlpHttp}/nothing`, '')).status).toBe(401);
    expect((await post(`${urls.otlpHttp}/v1/traces`, Buffer.alloc(4096), RIGHT)).status).toBe(413);
    expect(await metrics()).toMatch(/evenkeel_receive_refused_total\{reason="unauthorized"\} 2\n/);
  });
});
