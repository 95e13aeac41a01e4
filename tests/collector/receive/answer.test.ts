import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { answerAccepted, answerRefused } from '../../../collector/src/receive/answer.ts';
import { type Answered, send } from '../../support/http.ts';
import { MetricsResponse8 } from '../../support/otlp-metrics-schema.ts';
import { schema8 } from '../../support/otlp-schema.ts';

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
  for (const signal of ['traces', 'metrics', 'logs'] as const) {
    const protobuf = await answered((response) => answerAccepted(response, 'protobuf', { signal, rejected: 0 }));
    expect([protobuf.status, protobuf.body.length]).toEqual([200, 0]);
    const json = await answered((response) => answerAccepted(response, 'json', { signal, rejected: 0 }));
    expect([json.status, json.body.toString()]).toEqual([200, '{}']);
  }
});

it('writes a partial success as OTLP has it for each signal', async () => {
  const check = async (signal: 'traces' | 'metrics', key: string, errorMessage: string | RegExp): Promise<void> => {
    const leftOut = { signal, rejected: 300 };
    const json = await answered((response) => answerAccepted(response, 'json', leftOut));
    expect(JSON.parse(json.body.toString())).toEqual({
      partialSuccess: { [key]: '300', errorMessage: expect.stringMatching(errorMessage) },
    });
    const protobuf = await answered((response) => answerAccepted(response, 'protobuf', leftOut));
    const type = signal === 'traces' ? schema8.lookupType('ExportTraceServiceResponse') : MetricsResponse8;
    expect(type.toObject(type.decode(protobuf.body), { longs: Number })).toEqual({
      partialSuccess: { [key]: 300, errorMessage: expect.stringMatching(errorMessage) },
    });
  };
  await check('traces', 'rejectedSpans', /^spans with a bad trace id, span id or text were left out$/);
  await check('metrics', 'rejectedDataPoints', /^data points .* were left out$/);
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
