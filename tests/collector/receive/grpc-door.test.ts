// The gRPC door itself: who gets in, which connections it keeps, and how it closes.
import { receiveStageConfig } from '../../../collector/src/receive/config.ts';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connect as tlsConnect } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { credentials, status } from '@grpc/grpc-js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { receiveInstruments } from '../../../collector/src/receive/instruments.ts';
import { receive } from '../../../collector/src/receive/stage.ts';
import { eventually } from '../../support/eventually.ts';
import { framed, grpcClient, http2To } from '../../support/grpc.ts';
import { releaseBatch } from '../../support/intake.ts';
import { startCollector } from '../../support/running-collector.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { testHost } from '../../support/test-host.ts';
import { testSpan } from '../../support/test-span.ts';
import { bodyOf } from '../../support/traffic.ts';

const TLS = fileURLToPath(new URL('../../fixtures/tls/', import.meta.url));
const pem = (name: string): Buffer => readFileSync(join(TLS, name));

const some = (): Uint8Array => bodyOf([testSpan()]);

/** The receive stage alone; `consume` may fail. */
async function openDoor(consume: () => void = () => {}) {
  const own = testHost('receive', receiveInstruments);
  const config = receiveStageConfig.parse({ http: { port: 0 }, grpc: { port: 0 }, sources: {}, dimensions: [] });
  const stage = receive.create(config, own.host, {
    consume: async (batch) => {
      if (batch.signal === 'traces') releaseBatch(batch);
      consume();
    },
  });
  await stage.start();
  onTestFinished(() => stage.stop());
  return { stage, own, url: stage.grpcUrl ?? '' };
}

describe('a call', () => {
  it('is told of a fault of ours without its details, and the next one is taken', async () => {
    let fail = true;
    const { url, own } = await openDoor(() => {
      if (fail) throw new Error('out of order');
    });
    const call = grpcClient(url);
    expect(await call(some())).toMatchObject({ code: status.INTERNAL, message: 'internal error' });
    expect(own.log.join()).toContain('INTERNAL: Error: out of order');
    fail = false;
    expect(await call(some())).toMatchObject({ code: status.OK });
    expect(own.counts('refused')).toEqual({ internal: 1 });
  });

  it('needs a token where tokens are configured', async () => {
    const token = 'a-token-nobody-guesses';
    const { urls, books } = await startCollector(`receive: { grpc: { auth: { tokens: [${token}] } } }`);
    const call = grpcClient(urls.otlpGrpc);
    const check = async (headers: Record<string, string>, code: status): Promise<void> => {
      expect((await call(some(), undefined, headers)).code).toBe(code);
    };
    await check({}, status.UNAUTHENTICATED);
    await check({ authorization: `Bearer ${token}x` }, status.UNAUTHENTICATED);
    await check({ authorization: `Bearer ${token}` }, status.OK);
    expect(books().refused).toMatchObject([{ reason: 'unauthorized', requests: 2 }]);
    expect(books().spans.accepted).toBe(1);
  });
});

describe('TLS', () => {
  it('lets in whom its certificate satisfies, and asks for one in turn', async () => {
    const files = `cert_file: ${TLS}server.pem, key_file: ${TLS}server.key.pem, client_ca_file: ${TLS}ca.pem`;
    const { urls, log } = await startCollector(`receive: { grpc: { tls: { ${files} } } }`);
    expect(urls.otlpGrpc).toMatch(/^https:/);
    // A server is asked for by name, never by an address.
    const byName = urls.otlpGrpc.replace('127.0.0.1', 'localhost');
    const check = async (name: string | undefined, code: status): Promise<void> => {
      const own = name === undefined ? [] : [pem(`${name}.key.pem`), pem(`${name}.pem`)];
      const channel = credentials.createSsl(pem('ca.pem'), ...own);
      expect((await grpcClient(byName, { channel })(some())).code).toBe(code);
    };
    await check('client', status.OK);
    await check(undefined, status.UNAVAILABLE);
    await check('stranger', status.UNAVAILABLE);
    expect((await grpcClient(urls.otlpGrpc)(some())).code).toBe(status.UNAVAILABLE);
    expect(log.join()).toContain('a client did not get in at receive.grpc');
  });

  it('takes up a renewed certificate', async () => {
    const folder = temporaryFolder();
    const put = (name: string): void => {
      copyFileSync(join(TLS, `${name}.pem`), join(folder, 'cert.pem'));
      copyFileSync(join(TLS, `${name}.key.pem`), join(folder, 'key.pem'));
    };
    put('server');
    const files = `cert_file: ${folder}/cert.pem, key_file: ${folder}/key.pem`;
    const { urls, clock } = await startCollector(`receive: { grpc: { tls: { ${files} } } }`);
    const serial = async (): Promise<string | undefined> => {
      const { hostname, port } = new URL(urls.otlpGrpc);
      const socket = tlsConnect({ host: hostname, port: Number(port), ca: pem('ca.pem'), ALPNProtocols: ['h2'] });
      onTestFinished(() => void socket.destroy());
      await once(socket, 'secureConnect');
      return socket.getPeerX509Certificate()?.serialNumber;
    };
    const first = await serial();
    put('renewed');
    clock.advance(30_000);
    const second = await serial();
    expect(first).toBe(new X509Certificate(pem('server.pem')).serialNumber);
    expect(second).toBe(new X509Certificate(pem('renewed.pem')).serialNumber);
  });
});

describe('a connection', () => {
  it('that says nothing is cut, one that answers pings is kept', async () => {
    const { urls, clock } = await startCollector();
    const { hostname, port } = new URL(urls.otlpGrpc);
    const silent = connect(Number(port), hostname);
    onTestFinished(() => void silent.destroy());
    silent.on('error', () => {});
    const cut = once(silent, 'close');
    await once(silent, 'data');
    const { session, send } = http2To(urls.otlpGrpc);
    for (let minute = 0; minute < 3; minute++) {
      expect((await send(framed(some())))['grpc-status']).toBe('0');
      const pinged = once(session, 'ping');
      clock.advance(60_000);
      await pinged;
      // What is sent after the answer to the ping arrives after it.
      expect((await send(framed(some())))['grpc-status']).toBe('0');
    }
    await cut;
    expect(session.closed).toBe(false);
  });

  it('without calls for five minutes is ended in order, and its client opens another', async () => {
    const { urls, clock } = await startCollector();
    const call = grpcClient(urls.otlpGrpc);
    expect((await call(some())).code).toBe(status.OK);
    const { session, send } = http2To(urls.otlpGrpc);
    expect((await send(framed(some())))['grpc-status']).toBe('0');
    const codes = new Set<number>();
    session.on('goaway', (code: number) => codes.add(code));
    const closed = once(session, 'close');
    for (let minute = 0; minute < 5; minute++) {
      const pinged = minute < 4 && once(session, 'ping');
      clock.advance(60_000);
      await pinged;
      // The answer to the ping is on its way; the other side is asked to have read it.
      if (minute < 4) await new Promise((resolve) => session.ping(resolve));
    }
    await closed;
    expect([...codes]).toEqual([0]);
    expect((await call(some())).code).toBe(status.OK);
  });

  it('that speaks something else harms nobody', async () => {
    const { urls } = await startCollector();
    const { hostname, port } = new URL(urls.otlpGrpc);
    for (const text of [
      'GET / HTTP/1.1\r\nhost: x\r\n\r\n',
      Buffer.alloc(5000, 0xff),
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nand nothing that a frame could be',
    ]) {
      const socket = connect(Number(port), hostname, () => socket.write(text));
      socket.on('error', () => {});
      socket.resume();
      await once(socket, 'close');
    }
    expect((await grpcClient(urls.otlpGrpc)(some())).code).toBe(status.OK);
  });
});

describe('the end', () => {
  it('lets an open call end, and takes no new one', async () => {
    const { stage, url, own } = await openDoor();
    const idle = grpcClient(url);
    expect((await idle(some())).code).toBe(status.OK);
    const { stream, told } = http2To(url).begin();
    const message = framed(some());
    stream.write(message.subarray(0, 20));
    // Once another call on a later connection is answered, the first one has been seen.
    expect((await grpcClient(url)(some())).code).toBe(status.OK);
    const stopped = stage.stop();
    expect((await idle(some())).code).toBe(status.UNAVAILABLE);
    expect((await grpcClient(url)(some())).code).toBe(status.UNAVAILABLE);
    stream.end(message.subarray(20));
    expect((await told)['grpc-status']).toBe('0');
    await stopped;
    expect(own.read('spans')).toBe(3);
  });

  it('cuts what does not end', async () => {
    const { stage, url } = await openDoor();
    const { stream, told } = http2To(url).begin();
    stream.write(framed(some()).subarray(0, 20));
    expect((await grpcClient(url)(some())).code).toBe(status.OK);
    await stage.stop();
    expect((await told)['grpc-status']).toBeUndefined();
    await stage.stop();
  });
});

it('says whose port it is where it cannot be opened', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const config = receiveStageConfig.parse({ http: { port: 0 }, grpc: { port }, sources: {}, dimensions: [] });
  const stage = receive.create(config, testHost('receive', receiveInstruments).host, { consume: async () => {} });
  await expect(stage.start()).rejects.toThrow(`127.0.0.1:${port} (receive.grpc.port)`);
  await stage.stop();
  await eventually('the other door to be closed too', async () => {
    const answer = await fetch(stage.url).catch(() => 'closed');
    return answer === 'closed';
  });
});
