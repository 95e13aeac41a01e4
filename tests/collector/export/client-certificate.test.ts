import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { rig } from '../../support/exporter-rig.ts';
import { pem, swappedFiles, tlsFile } from '../../support/certificates.ts';

const POLL_MS = 30_000;

interface Receiver {
  readonly url: string;
  /** Name in the certificate of each request's sender. */
  readonly senders: readonly string[];
}

/** A receiver that takes requests only from clients of our authority. */
async function startReceiver(): Promise<Receiver> {
  const senders: string[] = [];
  const locks = { requestCert: true, rejectUnauthorized: true, ca: pem('ca.pem') };
  const server = createServer(
    { cert: pem('server.pem'), key: pem('server.key.pem'), ...locks },
    (request, response) => {
      senders.push(String((request.socket as TLSSocket).getPeerCertificate().subject.CN));
      request.resume().once('end', () => response.end());
    },
  );
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, senders };
}

describe('a receiver that asks for a client certificate', () => {
  const ca_file = tlsFile('ca.pem');

  it('takes what comes with one it trusts, and nothing else', async () => {
    const { url, senders } = await startReceiver();
    const check = async (settings: object, delivered: number): Promise<void> => {
      const { take, books, settled, pause } = await rig(url, { ca_file, ...settings });
      take(2);
      await (delivered > 0 ? settled() : pause());
      expect(books()).toMatchObject({ delivered, queued: 2 - delivered });
    };
    await check({ cert_file: tlsFile('client.pem'), key_file: tlsFile('client.key.pem') }, 2);
    await check({}, 0);
    await check({ cert_file: tlsFile('stranger.pem'), key_file: tlsFile('stranger.key.pem') }, 0);
    expect(senders).toEqual(['shop']);
  });

  it('is shown the new certificate once it changed, and the old one while the new one is wrong', async () => {
    const { url, senders } = await startReceiver();
    const files = swappedFiles('client');
    const { cert_file, key_file } = files;
    const { take, settled, clock, log } = await rig(url, { ca_file, cert_file, key_file });
    const deliver = async (): Promise<void> => {
      take(1);
      await settled();
      clock.advance(POLL_MS);
    };
    await deliver();
    files.install('renewed', 'client');
    await deliver();
    await deliver();
    files.install('renewed');
    await deliver();
    await deliver();
    expect(senders).toEqual(['shop', 'shop', 'shop', 'shop', 'renewed']);
    expect(log.map((line) => line.replace(/^\S+ /, ''))).toEqual([
      expect.stringMatching(/^error export RELOAD_export\.otlp\.backend: .*mismatch; what was in use stays$/),
      expect.stringContaining('info export RELOADED_export.otlp.backend'),
    ]);
  });
});
