// The statuses of OTLP/HTTP as a foreign client sees them, over one connection to the built program.
import { Agent } from 'node:http';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { send } from '../support/http.ts';
import { type RunningSidecar, startSidecar } from '../support/sidecar.ts';
import { testSpan } from '../support/test-span.ts';
import { bodyOf, jsonBodyOf } from '../support/traffic.ts';

const PROTOBUF = 'application/x-protobuf';
const JSON_TYPE = 'application/json';

let sidecar: RunningSidecar;
beforeAll(async () => {
  sidecar = await startSidecar({ config: 'store: false\n' });
});

describe('OTLP/HTTP', () => {
  it('answers good and bad requests in turn', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    const check = async (
      method: string,
      path: string,
      type: string,
      body: Uint8Array | string,
      status: number,
      text?: RegExp,
    ): Promise<void> => {
      const answer = await send(sidecar.urls.otlpHttp + path, {
        method,
        body,
        agent,
        headers: { 'content-type': type },
      });
      expect([method, path, type, answer.status]).toEqual([method, path, type, status]);
      expect(answer.headers['content-type']).toBe(type.startsWith(JSON_TYPE) ? JSON_TYPE : PROTOBUF);
      if (text !== undefined) expect(answer.body.toString()).toMatch(text);
    };
    const unnamed = { ...testSpan(), traceId: Buffer.alloc(16) };
    await check('POST', '/v1/traces', PROTOBUF, bodyOf([testSpan()]), 200, /^$/);
    await check('POST', '/v1/traces', `${JSON_TYPE}; charset=utf-8`, jsonBodyOf([testSpan()]), 200, /^\{\}$/);
    await check('POST', '/v1/traces', JSON_TYPE, jsonBodyOf([unnamed, testSpan()]), 200, /"rejectedSpans":"1"/);
    await check('POST', '/v1/traces', PROTOBUF, bodyOf([unnamed, testSpan()]), 200, /left out/);
    await check('POST', '/v1/traces', JSON_TYPE, '{"resourceSpans":{}}', 400, /^\{"code":3,"message":".+"\}$/);
    await check('POST', '/v1/traces', PROTOBUF, 'no', 400);
    await check('POST', '/v1/metrics', JSON_TYPE, '{}', 200, /^\{\}$/);
    await check('POST', '/v1/logs', PROTOBUF, '', 200, /^$/);
    await check('POST', '/v1/profiles', JSON_TYPE, '', 404, /"code":5/);
    await check('GET', '/v1/traces', JSON_TYPE, '', 405, /"code":12/);
    await check('POST', '/v1/traces', 'application/xml', '', 415);
    await check('POST', '/v1/traces', 'constructor', '', 415);
  });

  it('shows them in the books', async () => {
    const books = JSON.parse((await send(`${sidecar.urls.page}/api/books`)).body.toString()) as {
      refused: { reason: string; requests: number }[];
      spans: object;
    };
    expect(books.spans).toMatchObject({ accepted: 4, rejected: 2, balanced: true });
    expect(Object.fromEntries(books.refused.map(({ reason, requests }) => [reason, requests]))).toMatchObject({
      path: 1,
      method: 1,
      content_type: 2,
      malformed_json: 1,
    });
  });
});
