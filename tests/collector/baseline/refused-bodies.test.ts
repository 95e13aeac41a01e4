// A sidecar that has no room for bodies for a while: what it does not hear of has not stopped.
import { type ClientRequest, request as httpRequest } from 'node:http';
import { expect, it, onTestFinished } from 'vitest';
import type { ViolationsAnswer } from '../../../collector/src/web/api.ts';
import { eventually } from '../../support/eventually.ts';
import { send } from '../../support/http.ts';
import { type RunningCollector, startCollector } from '../../support/running-collector.ts';
import { testSpan } from '../../support/test-span.ts';
import { bodyOf } from '../../support/traffic.ts';
import { type Called, watchedTraffic } from '../../support/watched-traffic.ts';

const CART: Called = { name: 'GET /cart', callsPerSecond: 4, medianMs: 20 };

/** An upload that does not go on; two of them take all the room there is. */
function holdRoom({ urls }: RunningCollector): ClientRequest {
  const request = httpRequest(`${urls.otlpHttp}/v1/traces`, {
    method: 'POST',
    agent: false,
    headers: { 'content-type': 'application/x-protobuf', 'content-length': 65_500 },
  });
  request.on('error', () => {});
  request.write(Buffer.alloc(65_400));
  onTestFinished(() => void request.destroy());
  return request;
}

async function openEmergencies({ urls }: RunningCollector): Promise<number> {
  const answer = await send(`${urls.page}/api/violations`);
  return (JSON.parse(answer.body.toString()) as ViolationsAnswer).open.emergency;
}

it('calls no operation stopped while it refuses bodies, and does again when it takes them', async () => {
  const running = await startCollector('receive: { http: { max_body: 64KiB, max_in_flight: 128KiB } }');
  const { clock } = running;
  const traffic = watchedTraffic(running);
  await traffic.go(300, CART);
  const held = [holdRoom(running), holdRoom(running)];
  const spans = Array.from({ length: 20 }, () => testSpan({ service: 'shop' }));
  const body = (): Uint8Array => bodyOf(spans);
  await eventually('the room to be taken', async () => (await running.traces(body())).status === 503);
  for (let second = 0; second < 60; second += 5) {
    clock.advance(5000);
    expect((await running.traces(body())).status).toBe(503);
  }
  expect(await openEmergencies(running)).toBe(0);
  for (const each of held) each.destroy();
  await eventually('room for others', async () => (await running.traces(body())).status === 200);
  await traffic.go(60, CART);
  expect(await openEmergencies(running)).toBe(0);
  clock.advance(60_000);
  expect(await openEmergencies(running)).toBe(1);
});
