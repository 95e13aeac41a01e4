// The alert stage on a manual clock, and a receiver that keeps what it is told.
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { alertConfig } from '../../collector/src/alert/config.ts';
import { alertInstruments } from '../../collector/src/alert/instruments.ts';
import { alert, type AlertStage } from '../../collector/src/alert/stage.ts';
import type { ViolationGroup } from '../../collector/src/baseline/contract.ts';
import { eventually } from './eventually.ts';
import { testHost, type TestHost } from './test-host.ts';

export interface AlertRig extends TestHost<typeof alertInstruments> {
  readonly stage: AlertStage;
  /** Hands over a group, and lets its wait pass. */
  take(group: ViolationGroup): Promise<void>;
  /** Waits until nothing waits for any channel, without letting time pass. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * A started stage.
 *
 * @param config the room's block
 * @param before called before the start, to wire or restore
 */
export async function alertRig(
  config: object,
  before: (stage: AlertStage) => Promise<void> | void = () => {},
): Promise<AlertRig> {
  const own = testHost('alert', alertInstruments);
  const stage = alert.create(alertConfig.parse(config), own.host);
  await before(stage);
  await stage.start();
  const stop = async (): Promise<void> => {
    const stopping = stage.stop();
    own.clock.advance(5000);
    await stopping;
  };
  onTestFinished(stop);
  return {
    ...own,
    stage,
    async take(group) {
      await stage.consume(group);
      own.clock.advance(5000);
    },
    settled: async () => {
      await eventually('the queues to be empty', () => Object.keys(own.counts('queued')).length === 0);
    },
    stop,
  };
}

/** A request that arrived. */
export interface Posted {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Hook {
  /** Without a path. */
  readonly url: string;
  readonly posted: Posted[];
  /** What it answers from now on; 0 closes the connection without an answer. */
  answer(status: number, headers?: Readonly<Record<string, string>>): void;
  /** Waits for so many requests. */
  received(count: number): Promise<readonly Posted[]>;
}

/** An HTTP server on loopback that takes every POST. */
export async function hookServer(): Promise<Hook> {
  const posted: Posted[] = [];
  let [status, answered]: [number, Readonly<Record<string, string>>] = [200, {}];
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      posted.push({ path: request.url ?? '', headers: request.headers, body });
      if (status === 0) request.socket.destroy();
      else response.writeHead(status, answered).end('ok');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    posted,
    answer(next, headers = {}) {
      [status, answered] = [next, headers];
    },
    received: (count) =>
      eventually(`${count} requests`, () => (posted.length >= count ? posted.slice(0, count) : undefined)),
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const piece of request) body += String(piece);
  return body;
}
