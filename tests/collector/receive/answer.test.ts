import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { answerAccepted, answerRefused } from '../../../collector/src/receive/answer.ts';
import { type Answered, send } from '../../support/http.ts';

/** What a client sees of an answer. */
async function answered(write: (response: ServerResponse) => void): Promise<Answered> {
  const server = createServer((_, response) => write(response));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => void server.close());
  return send(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

it('says nothing where everything was taken', async () => {
  const protobuf = await answered((response) => answerAccepted(response, 'protobuf', 0, ''));
  expect([protobuf.status, protobuf.body.length]).toEqual([200, 0]);
  const json = await answered((response) => answerAccepted(response, 'json', 0, ''));
  expect([json.status, json.body.toString()]).toEqual([200, '{}']);
});

it('writes a partial success as OTLP has it', async () => {
  const protobuf = await answered((response) => answerAccepted(response, 'protobuf', 300, 'why'));
  // Field 1: a message of rejected_spans = 300 and error_message = "why".
  expect(protobuf.body.toString('hex')).toBe('0a0808ac021203776879');
  const json = await answered((response) => answerAccepted(response, 'json', 300, 'why'));
  expect(JSON.parse(json.body.toString())).toEqual({ partialSuccess: { rejectedSpans: '300', errorMessage: 'why' } });
});

it('writes a refusal as google.rpc.Status', async () => {
  const check = async (status: number, code: number): Promise<void> => {
    const json = await answered((response) => answerRefused(response, 'json', status, 'grün', { 'x-more': '1' }));
    expect([json.status, JSON.parse(json.body.toString())]).toEqual([status, { code, message: 'grün' }]);
    expect(json.headers['x-more']).toBe('1');
    const protobuf = await answered((response) => answerRefused(response, 'protobuf', status, 'grün'));
    expect(protobuf.body.toString('hex')).toBe(`08${code.toString(16).padStart(2, '0')}1205${'6772c3bc6e'}`);
    expect(protobuf.headers['retry-after']).toBe(status === 503 ? '1' : undefined);
  };
  await check(400, 3);
  await check(404, 5);
  await check(405, 12);
  await check(413, 8);
  await check(415, 3);
  await check(500, 2);
  await check(503, 14);
});
