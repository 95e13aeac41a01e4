// What every channel has to do, whatever it speaks.
import { createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CHANNEL_TYPES } from '../../../../collector/src/alert/channels/types.ts';
import { opened } from '../../../support/alert-channels.ts';
import { hookServer } from '../../../support/alert-rig.ts';
import { closedPort } from '../../../support/exporter-rig.ts';
import { mailServer } from '../../../support/mail-server.ts';

/** A receiver of one kind. */
interface Receiver {
  readonly port: number;
  /** How many were taken. */
  taken(): number;
  /** Refuses what comes: for now, or for good. */
  refuse(how: 'for_now' | 'for_good'): void;
}

interface Row {
  readonly title: string;
  readonly type: keyof typeof CHANNEL_TYPES;
  /** Its configuration, with a receiver at a host and port. */
  config(host: string, port: number): object;
  receiver(): Promise<Receiver>;
}

const SECRET = 'hidden-word-of-16-letters';

async function httpReceiver(): Promise<Receiver> {
  const hook = await hookServer();
  let refused = 0;
  return {
    port: Number(new URL(hook.url).port),
    taken: () => hook.posted.length - refused,
    refuse(how) {
      refused++;
      hook.answer(how === 'for_now' ? 503 : 400);
    },
  };
}

async function mailReceiver(): Promise<Receiver> {
  const server = await mailServer();
  return {
    port: server.port,
    taken: () => server.mails.length,
    refuse: (how) => server.answer(how === 'for_now' ? 451 : 550),
  };
}

const headers = { authorization: `Bearer ${SECRET}` };
const ROWS: readonly Row[] = [
  {
    title: 'email',
    type: 'email',
    config: (host, port) => ({
      type: 'email',
      host,
      port,
      security: 'none',
      from: 'a@example.com',
      to: ['b@example.com'],
    }),
    receiver: mailReceiver,
  },
  ...(['generic', 'slack'] as const).map((template) => ({
    title: `webhook, ${template}`,
    type: 'webhook' as const,
    config: (host: string, port: number) => ({
      type: 'webhook',
      template,
      url: `http://${host}:${port}/${SECRET}`,
      secret: SECRET,
      headers,
    }),
    receiver: httpReceiver,
  })),
  {
    title: 'webhook, pagerduty',
    type: 'webhook',
    config: (host, port) => ({
      type: 'webhook',
      template: 'pagerduty',
      url: `http://${host}:${port}/${SECRET}`,
      routing_key: SECRET,
    }),
    receiver: httpReceiver,
  },
  {
    title: 'alertmanager',
    type: 'alertmanager',
    config: (host, port) => ({ type: 'alertmanager', url: `http://${host}:${port}/${SECRET}`, headers }),
    receiver: httpReceiver,
  },
];

it('covers every type that goes out', () => {
  expect(new Set([...ROWS.map(({ type }) => type), 'log'])).toEqual(new Set(Object.keys(CHANNEL_TYPES)));
});

it('the log always delivers', async () => {
  const { send, log } = opened({ type: 'log' });
  expect(await send()).toEqual({ outcome: 'delivered' });
  expect(log).toEqual([
    'error ALERT_FIRING_CRITICAL_g1 [critical] orders POST /orders: latency 5.2×: POST /orders takes 5.2 times as long as it did.',
  ]);
});

describe.each(ROWS)('$title', ({ config, receiver }) => {
  it('calls nobody by being opened, and delivers what it is given', async () => {
    const { port, taken } = await receiver();
    const { send } = opened(config('127.0.0.1', port));
    expect(taken()).toBe(0);
    expect(await send()).toEqual({ outcome: 'delivered' });
    expect(await send({ occasion: 'resolved' })).toEqual({ outcome: 'delivered' });
    expect(taken()).toBe(2);
  });

  it('may be tried again where it is refused for now or does not answer', async () => {
    const { port, refuse } = await receiver();
    refuse('for_now');
    expect(await opened(config('127.0.0.1', port)).send()).toMatchObject({ outcome: 'again' });
    const dead = await opened(config('127.0.0.1', await closedPort())).send();
    expect(dead).toMatchObject({ outcome: 'again', why: 'ECONNREFUSED' });
  });

  it('is not tried again where it is refused for good', async () => {
    const { port, refuse } = await receiver();
    refuse('for_good');
    expect(await opened(config('127.0.0.1', port)).send()).toMatchObject({ outcome: 'refused' });
  });

  it('does not wait for ever, nor beyond the end', async () => {
    const port = await silentPort();
    const impatient = opened({ ...config('127.0.0.1', port), timeout: '20ms' });
    expect(await impatient.send()).toMatchObject({ outcome: 'again' });
    const end = new AbortController();
    const sending = opened({ ...config('127.0.0.1', port), timeout: '1h' }).send({}, end.signal);
    end.abort();
    expect(await sending).toMatchObject({ outcome: 'again' });
  });

  it.each(['169.254.169.254', '[fe80::1]', '[::ffff:169.254.169.254]', '[fd00:ec2::254]'])(
    'does not go to %s unless it may',
    async (host) => {
      const plain = config(host, 80);
      // Mail is configured with a host, not with a URL.
      const bare = 'host' in plain ? { ...plain, host: host.replaceAll(/[[\]]/g, '') } : plain;
      expect(await opened(bare).send()).toEqual({
        outcome: 'refused',
        why: 'its address is link-local; allow_link_local would permit it',
      });
    },
  );

  it('shows no secret, whatever happens', async () => {
    const { port, refuse } = await receiver();
    const { channel, send, log } = opened(config('127.0.0.1', port));
    refuse('for_good');
    const answers = [await send(), await opened(config('127.0.0.1', await closedPort())).send()];
    expect(JSON.stringify([channel.where, answers, log])).not.toContain('hidden-word');
    expect(channel.where).toContain(`127.0.0.1:${port}`);
  });
});

/** A port that takes connections and never says anything. */
async function silentPort(): Promise<number> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => {});
    sockets.push(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
