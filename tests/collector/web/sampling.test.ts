// GET /sampling on the page's port, as an SDK asks it.
import { expect, it } from 'vitest';
import { send } from '../../support/http.ts';
import { startCollector } from '../../support/running-collector.ts';
import { testSpan } from '../../support/test-span.ts';
import { bodyOf } from '../../support/traffic.ts';

const SERVICES =
  'remote_sampling: { services: [{ name: shop, type: adaptive }, { name: b&c, type: probabilistic, ratio: 0.5 }] }';
const TOKEN = 'a-token-of-some-length';

async function running(yaml: string) {
  const { urls, traces, clock } = await startCollector(yaml);
  return {
    traces,
    clock,
    async ask(query: string, headers: Record<string, string> = {}) {
      const answer = await send(`${urls.page}/sampling${query}`, { headers });
      return [answer.status, JSON.parse(answer.body.toString()) as unknown] as const;
    },
  };
}

it('is off unless services are listed, and says how to change that', async () => {
  const { ask } = await running('');
  const error = 'remote sampling is off; list services in remote_sampling.services';
  expect(await ask('?service=shop')).toEqual([404, { error }]);
});

it('answers listed services only', async () => {
  const { ask } = await running(SERVICES);
  expect(await ask('?service=b%26c')).toEqual([
    200,
    { strategyType: 'PROBABILISTIC', probabilisticSampling: { samplingRate: 0.5 } },
  ]);
  const error = (text: string): object => ({ error: expect.stringContaining(text) as string });
  expect(await ask('?service=stranger')).toEqual([404, error('not listed')]);
  expect(await ask('')).toEqual([400, error('which service asks')]);
  expect(await ask('?service=')).toEqual([400, error('which service asks')]);
});

it('tells an adaptive service what its traffic asks for', async () => {
  const { ask, traces, clock } = await running(SERVICES);
  const spans = Array.from({ length: 40 }, () => testSpan({ name: 'GET /cart' }));
  expect((await traces(bodyOf(spans))).status).toBe(200);
  clock.advance(10_000);
  expect(await ask('?service=shop')).toEqual([
    200,
    {
      strategyType: 'PROBABILISTIC',
      probabilisticSampling: { samplingRate: 1 },
      operationSampling: {
        defaultSamplingProbability: 1,
        defaultLowerBoundTracesPerSecond: 0.01,
        perOperationStrategies: [{ operation: 'GET /cart', probabilisticSampling: { samplingRate: 0.25 } }],
      },
    },
  ]);
});

it('asks for the token of the page where there is one', async () => {
  const { ask } = await running(`${SERVICES}\nweb: { auth: { tokens: [${TOKEN}] } }`);
  const [refused] = await ask('?service=shop');
  expect(refused).toBe(401);
  const [wrong] = await ask('?service=shop', { authorization: 'Bearer another-token-of-length' });
  expect(wrong).toBe(401);
  const [taken] = await ask('?service=shop', { authorization: `Bearer ${TOKEN}` });
  expect(taken).toBe(200);
});

it('works with span metrics and sampling switched off', async () => {
  const { ask, traces, clock } = await running(`${SERVICES}\nmeasure: false\nsample: false`);
  const spans = Array.from({ length: 20 }, () => testSpan({ name: 'GET /cart' }));
  await traces(bodyOf(spans));
  clock.advance(10_000);
  const [status, answer] = await ask('?service=shop');
  expect(status).toBe(200);
  expect(answer).toMatchObject({
    operationSampling: { perOperationStrategies: [{ probabilisticSampling: { samplingRate: 0.5 } }] },
  });
});
