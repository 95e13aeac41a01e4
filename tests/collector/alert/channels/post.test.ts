import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { opened } from '../../../support/alert-channels.ts';
import { hookServer } from '../../../support/alert-rig.ts';
import { pem, tlsFile } from '../../../support/certificates.ts';

it('follows no redirect, wherever it leads', async () => {
  const [hook, elsewhere] = [await hookServer(), await hookServer()];
  hook.answer(307, { location: elsewhere.url });
  const { send } = opened({ type: 'webhook', url: hook.url });
  expect(await send()).toEqual({ outcome: 'refused', why: 'HTTP 307, and redirects are not followed' });
  expect(elsewhere.posted).toEqual([]);
});

it('tells a refusal for now from one for good', async () => {
  const hook = await hookServer();
  const { send } = opened({ type: 'webhook', url: hook.url });
  const outcomes: Record<number, string> = {};
  for (const status of [200, 202, 204, 400, 401, 404, 408, 410, 422, 425, 429, 500, 501, 503, 0]) {
    hook.answer(status);
    ({ outcome: outcomes[status] } = await send());
  }
  const of = (outcome: string): number[] =>
    Object.keys(outcomes)
      .map(Number)
      .filter((each) => outcomes[each] === outcome);
  expect(of('delivered')).toEqual([200, 202, 204]);
  expect(of('refused')).toEqual([400, 401, 404, 410, 422]);
  expect(of('again')).toEqual([0, 408, 425, 429, 500, 501, 503]);
});

it('hears for how long a receiver wants to be left alone', async () => {
  const hook = await hookServer();
  const { send, clock } = opened({ type: 'webhook', url: hook.url });
  const after = async (header: string): Promise<number | undefined> => {
    hook.answer(429, { 'retry-after': header });
    const answer = await send();
    return answer.outcome === 'again' ? answer.afterMs : undefined;
  };
  expect(await after('7')).toBe(7000);
  expect(await after(new Date(clock.nowMs() + 9000).toUTCString())).toBe(9000);
  expect(await after('soon')).toBeUndefined();
});

it('speaks TLS to whoever the configured authority signed, and to nobody else', async () => {
  const bodies: string[] = [];
  const server = createServer({ cert: pem('server.pem'), key: pem('server.key.pem') }, (request, response) => {
    request.on('data', (piece: Buffer) => bodies.push(piece.toString()));
    request.on('end', () => response.end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const url = `https://localhost:${(server.address() as AddressInfo).port}/`;
  expect(await opened({ type: 'webhook', url, ca_file: tlsFile('ca.pem') }).send()).toEqual({ outcome: 'delivered' });
  expect(bodies).toHaveLength(1);
  expect(await opened({ type: 'webhook', url }).send()).toMatchObject({ outcome: 'again' });
  expect(bodies).toHaveLength(1);
  expect(() => opened({ type: 'webhook', url, ca_file: '/nowhere/ca.pem' })).toThrow(/alert\.channels\.ops/);
});
