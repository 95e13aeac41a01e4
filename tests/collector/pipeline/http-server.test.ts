import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect as connectPlain } from 'node:net';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { lockFields } from '../../../collector/src/config/listener.ts';
import { HttpListener } from '../../../collector/src/pipeline/http-server.ts';
import { clientTls, pem, swappedFiles, tlsFile, touch } from '../../support/certificates.ts';
import { eventually } from '../../support/eventually.ts';
import { send } from '../../support/http.ts';
import { testHost, type TestHost } from '../../support/surroundings.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const POLL_MS = 30_000;
const SERVER = { cert_file: tlsFile('server.pem'), key_file: tlsFile('server.key.pem') };
const TOKEN = 'a-token-of-some-length';

interface Opened {
  readonly url: string;
  readonly host: TestHost;
}

/** A listener that answers 204 to whom it admits. */
async function open(locks: { tls?: object; auth?: object }): Promise<Opened> {
  const host = testHost();
  const config = {
    host: '127.0.0.1',
    port: 0,
    tls: lockFields.tls.parse(locks.tls),
    auth: lockFields.auth.parse(locks.auth),
  };
  const listener = new HttpListener('receive.http', config, host, (request, response) => {
    response.writeHead(listener.admits(request) ? 204 : 401).end();
  });
  onTestFinished(() => listener.stop(0));
  await listener.start();
  return { url: listener.url, host };
}

/** Name in the certificate that a new connection is shown. */
function certificateName(url: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), ...clientTls() }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.end();
    });
    socket.once('error', reject);
  });
}

describe('a listener with TLS', () => {
  it('is reached by https only, under a certificate its clients can check', async () => {
    const { url, host } = await open({ tls: SERVER });
    expect(url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    expect((await send(url, { tls: clientTls() })).status).toBe(204);
    await expect(send(url)).rejects.toThrow(/unable to verify|self.signed/);
    await expect(send(url.replace('https', 'http'))).rejects.toThrow();
    await expect(send(url, { tls: { ...clientTls(), maxVersion: 'TLSv1.1' } })).rejects.toThrow();
    await eventually('the reason', () => host.logged.length > 0);
    expect(host.logged[0]).toMatch(/^warning TLS_CLIENT_receive\.http a client did not get in at receive\.http: ERR_/);
  });

  it('says nothing of a connection that just goes away', async () => {
    const { url, host } = await open({ tls: SERVER });
    const socket = connectPlain(Number(new URL(url).port), '127.0.0.1', () => socket.end());
    await once(socket.resume(), 'close');
    await send(url, { tls: clientTls() });
    expect(host.logged).toEqual([]);
  });

  it('asks for a client certificate where it has an authority for them', async () => {
    const { url, host } = await open({ tls: { ...SERVER, client_ca_file: tlsFile('ca.pem') } });
    expect((await send(url, { tls: clientTls('client') })).status).toBe(204);
    await expect(send(url, { tls: clientTls() })).rejects.toThrow();
    await expect(send(url, { tls: clientTls('stranger') })).rejects.toThrow();
    await eventually('both reasons', () => host.logged.length === 2);
    expect(host.logged.join()).toMatch(/DID_NOT_RETURN_A_CERTIFICATE.*UNABLE_TO/);
  });

  it('takes up a renewed certificate without a restart, and keeps the old one while the new one is wrong', async () => {
    const files = swappedFiles('server');
    const { url, host } = await open({ tls: { cert_file: files.cert_file, key_file: files.key_file } });
    const check = async (name: string): Promise<void> => {
      host.clock.advance(POLL_MS);
      expect(await certificateName(url)).toBe(name);
      expect((await send(url, { tls: clientTls() })).status).toBe(204);
    };
    await check('sidecar');
    files.install('renewed', 'server');
    await check('sidecar');
    expect(host.logged.splice(0).join()).toContain('key values mismatch; what was in use stays');
    files.install('renewed');
    await check('renewed');
  });

  it('takes up another authority for clients', async () => {
    const folder = temporaryFolder();
    const client_ca_file = join(folder, 'clients.pem');
    writeFileSync(client_ca_file, pem('other-ca.pem'));
    const { url, host } = await open({ tls: { ...SERVER, client_ca_file } });
    expect((await send(url, { tls: clientTls('stranger') })).status).toBe(204);
    writeFileSync(client_ca_file, pem('ca.pem'));
    touch(client_ca_file);
    host.clock.advance(POLL_MS);
    await expect(send(url, { tls: clientTls('stranger') })).rejects.toThrow();
    expect((await send(url, { tls: clientTls('client') })).status).toBe(204);
  });
});

describe('a listener with tokens', () => {
  it('tells who shows one from who does not, with TLS and without', async () => {
    for (const locks of [{}, { tls: SERVER }]) {
      const { url } = await open({ ...locks, auth: { tokens: [TOKEN] } });
      const check = async (headers: Record<string, string>, status: number): Promise<void> => {
        expect((await send(url, { headers, tls: clientTls() })).status).toBe(status);
      };
      await check({ authorization: `Bearer ${TOKEN}` }, 204);
      await check({ authorization: `Bearer ${TOKEN}!` }, 401);
      await check({}, 401);
      await check({ cookie: `token=${TOKEN}` }, 401);
    }
  });
});

describe('a listener that cannot be locked as configured', () => {
  it('does not open', async () => {
    const check = async (locks: object, code: string): Promise<void> => {
      await expect(open(locks)).rejects.toMatchObject({ code });
    };
    await check({ tls: { ...SERVER, key_file: tlsFile('renewed.key.pem') } }, 'CERTIFICATE_INVALID');
    await check({ tls: { ...SERVER, cert_file: '/no/such.pem' } }, 'CERTIFICATE_UNREADABLE');
    await check({ auth: { token_file: '/no/such/tokens' } }, 'TOKENS_UNUSABLE');
  });
});
