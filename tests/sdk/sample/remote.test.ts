// A sampler that is steered from outside: what it makes of answers, good and bad, and of none.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { ROOT_CONTEXT, SpanKind } from '@opentelemetry/api';
import type { Sampler } from '@opentelemetry/sdk-trace';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createCompositeSampler } from '../../../sdk/src/sample/consistent-probability.ts';
import { composableRateLimited } from '../../../sdk/src/sample/rate-limited.ts';
import { createRemoteSampler } from '../../../sdk/src/sample/remote.ts';
import { strategyOf } from '../../../sdk/src/sample/remote-strategy.ts';
import { randomBytes, seeded } from '../../support/random.ts';

type Respond = (request: IncomingMessage, response: ServerResponse) => void;

async function rig(respond: Respond, ratio = 0.25) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.url} ${request.headers['authorization'] ?? ''}`);
    respond(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const failures: string[] = [];
  const sampler = createRemoteSampler({
    serviceName: 'shop & co',
    url,
    ratio,
    headers: { authorization: 'Bearer t' },
    onFailure: (error) => failures.push(error.message),
  });
  onTestFinished(() => {
    sampler.close();
    server.closeAllConnections();
    server.close();
  });
  return { sampler, asked, failures, server };
}

const json =
  (body: unknown, status = 200): Respond =>
  (_, response) => {
    response.statusCode = status;
    response.end(JSON.stringify(body));
  };

/** The threshold a trace is kept at that any threshold keeps. */
function thresholdOf(sampler: Sampler, name = 'GET /'): string | undefined {
  const { traceState } = sampler.shouldSample(ROOT_CONTEXT, 'f'.repeat(32), name, SpanKind.SERVER, {}, []);
  return traceState?.get('ot');
}

const PROBABILISTIC = { strategyType: 'PROBABILISTIC', probabilisticSampling: { samplingRate: 0.5 } };

describe('createRemoteSampler', () => {
  it('asks for its service and follows the answer', async () => {
    const { sampler, asked, failures } = await rig(json(PROBABILISTIC));
    expect(thresholdOf(sampler)).toBe('th:c');
    await sampler.refresh();
    expect(thresholdOf(sampler)).toBe('th:8');
    expect(new Set(asked)).toEqual(new Set(['/sampling?service=shop+%26+co Bearer t']));
    expect(sampler.toString()).toBe('CompositeSampler{ParentThreshold{Remote{Probability{0.5}}}}');
    expect(failures).toEqual([]);
  });

  it('follows ratios of operations before that of the service', async () => {
    const perOperationStrategies = [
      { operation: 'pay', probabilisticSampling: { samplingRate: 1 } },
      { operation: 'odd', probabilisticSampling: { samplingRate: 7 } },
    ];
    const operationSampling = { defaultSamplingProbability: 0.0625, perOperationStrategies };
    const { sampler } = await rig(json({ ...PROBABILISTIC, operationSampling }));
    await sampler.refresh();
    expect(['pay', 'odd', 'list'].map((name) => thresholdOf(sampler, name))).toEqual(['th:0', 'th:f', 'th:f']);
  });

  it('goes back to its own ratio where the service is not steered, which is no failure', async () => {
    let respond = json(PROBABILISTIC);
    const { sampler, failures } = await rig((...each) => respond(...each));
    await sampler.refresh();
    respond = json({ error: 'not listed' }, 404);
    await sampler.refresh();
    expect(thresholdOf(sampler)).toBe('th:c');
    expect(failures).toEqual([]);
  });

  it('keeps the last answer while the sidecar does not answer, and says so each time', async () => {
    let respond = json(PROBABILISTIC);
    const { sampler, failures, server } = await rig((...each) => respond(...each));
    await sampler.refresh();
    for (const next of [
      json({}, 500),
      json({}, 302),
      (_: IncomingMessage, response: ServerResponse) => void response.end('{'),
    ]) {
      respond = next;
      await sampler.refresh();
    }
    server.close();
    server.closeAllConnections();
    await sampler.refresh();
    expect(failures.length).toBeGreaterThanOrEqual(4);
    expect(thresholdOf(sampler)).toBe('th:8');
  });

  it('reads no more than it must', async () => {
    const { sampler, failures } = await rig((_, response) => void response.end(`"${'x'.repeat(2 ** 21)}"`));
    await sampler.refresh();
    expect(new Set(failures)).toEqual(new Set(['the answer on sampling is too long']));
    expect(thresholdOf(sampler)).toBe('th:c');
  });

  it.each([null, 5, [], {}, { probabilisticSampling: { samplingRate: 'x' } }, { rateLimitingSampling: {} }])(
    'does not follow %j',
    async (answer) => {
      const { sampler, failures } = await rig(json(answer));
      await sampler.refresh();
      expect(new Set(failures)).toEqual(new Set(['the answer on sampling is not understood']));
      expect(thresholdOf(sampler)).toBe('th:c');
    },
  );
});

describe('a limit of traces a second', () => {
  it('is met within some seconds, each trace standing for as many as there were', () => {
    let now = 0;
    const sampler = createCompositeSampler(composableRateLimited({ tracesPerSecond: 100, firstRatio: 1 }, () => now));
    const random = seeded(47);
    let kept = 0;
    for (let i = 0; i < 40_000; i++) {
      now += 1;
      const id = randomBytes(random, 16).toString('hex');
      const { decision } = sampler.shouldSample(ROOT_CONTEXT, id, 'op', SpanKind.SERVER, {}, []);
      if (i >= 10_000 && decision === 2) kept++;
    }
    // 30 seconds of 1000 traces each.
    expect(Math.abs(kept - 3000)).toBeLessThan(5 * Math.sqrt(3000));
    expect(sampler.toString()).toBe('CompositeSampler{RateLimited{100}}');
  });

  it('is what an answer of that kind becomes', () => {
    const limited = strategyOf(
      { strategyType: 'RATE_LIMITING', rateLimitingSampling: { maxTracesPerSecond: 5 } },
      1,
      () => 0,
    );
    expect(limited?.description).toBe('RateLimited{5}');
  });
});
