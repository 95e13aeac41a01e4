// A service that asks how much to sample: it is told more of what is in violation, and that it sends less afterwards is
// not taken for calls that have stopped, in whatever service.
import { expect, it } from 'vitest';
import type { StrategyAnswer } from '../../collector/src/remote-sampling/contract.ts';
import type { ViolationsAnswer } from '../../collector/src/web/api.ts';
import { send } from '../support/http.ts';
import { type RunningCollector, startCollector } from '../support/running-collector.ts';
import { watchedTraffic } from '../support/watched-traffic.ts';

const CALLS_PER_S = 20;
const CONFIG = `remote_sampling: {violation_decay: 1m, services: [{name: shop, type: adaptive, traces_per_second: 2}]}`;

/** What an SDK would sample of its one operation. */
async function ask({ urls }: RunningCollector): Promise<number> {
  const answer = JSON.parse((await send(`${urls.page}/sampling?service=shop`)).body.toString()) as StrategyAnswer;
  return answer.operationSampling?.perOperationStrategies[0]?.probabilisticSampling.samplingRate ?? 1;
}

async function said({ urls }: RunningCollector): Promise<string[]> {
  const answer = JSON.parse((await send(`${urls.page}/api/violations`)).body.toString()) as ViolationsAnswer;
  return answer.groups.flatMap(({ members }) => members.map(({ kind, subject }) => `${kind} ${subject.name}`)).sort();
}

it('is told more of what is in violation, and what it then leaves out is no stop', async () => {
  const running = await startCollector(CONFIG);
  const traffic = watchedTraffic(running);
  let ratio = 1;
  /** A minute at a time, as often as SDKs ask. */
  const pass = async (minutes: number, medianMs: number): Promise<void> => {
    for (let m = 0; m < minutes; m++) {
      const callsPerSecond = CALLS_PER_S * ratio;
      const called = { name: 'GET /cart', callsPerSecond, medianMs };
      await traffic.go(60, called, { service: 'payments', name: 'charge', callsPerSecond, medianMs: 20 });
      ratio = await ask(running);
    }
  };
  // It has learned from all calls before it asks for the first time.
  const first = { name: 'GET /cart', callsPerSecond: CALLS_PER_S, medianMs: 20 };
  await traffic.go(700, first, { ...first, service: 'payments', name: 'charge' });
  ratio = await ask(running);
  await pass(4, 20);
  const usual = ratio;
  // Only shop is steered; payments is called as often as shop's traces are sampled.
  expect(usual).toBeGreaterThan(0.05);
  expect(usual).toBeLessThan(0.2);
  expect(await said(running)).toEqual([]);
  await pass(3, 70);
  expect(await said(running)).toEqual(['latency shop GET /cart']);
  expect(ratio).toBeGreaterThan(2.5 * usual);
  await pass(9, 20);
  expect(ratio).toBeLessThan(1.5 * usual);
  expect(await said(running)).toEqual(['latency shop GET /cart']);
}, 60_000);
