// What the API answers about baselines and violations, with a whole sidecar behind it and time of the test.
import { expect, it } from 'vitest';
import type {
  BaselineAnswer,
  BaselinesAnswer,
  GroupSummary,
  ViolationsAnswer,
} from '../../../collector/src/web/api.ts';
import { send } from '../../support/http.ts';
import { type RunningCollector, startCollector } from '../../support/running-collector.ts';
import { testSpan } from '../../support/test-span.ts';
import { bodyOf } from '../../support/traffic.ts';
import { type Called, watchedTraffic } from '../../support/watched-traffic.ts';

const CART: Called = { name: 'GET /cart', callsPerSecond: 4, medianMs: 20 };
const ORDERS: Called = { name: 'POST /orders', callsPerSecond: 2, medianMs: 80 };
const CART_KEY = JSON.stringify(['shop', 'GET /cart', 'SPAN_KIND_SERVER']);

function asking({ urls }: RunningCollector) {
  return async function ask<T>(path: string): Promise<readonly [number, T]> {
    const answer = await send(`${urls.page}/api/${path}`);
    return [answer.status, JSON.parse(answer.body.toString()) as T];
  };
}

it('says how far learning is, what was learned, and how soon a change would be seen', async () => {
  const running = await startCollector();
  const ask = asking(running);
  const traffic = watchedTraffic(running);
  await traffic.go(60, CART, ORDERS);
  const [, first] = await ask<BaselinesAnswer>('baselines');
  expect(first).toMatchObject({ counts: { learning: 2, provisional: 0, learned: 0 }, found: 2, offset: 0 });
  const [line] = first.baselines;
  expect(line).toMatchObject({ key: CART_KEY, service: 'shop', operation: 'GET /cart', kind: 'SPAN_KIND_SERVER' });
  expect(line).toMatchObject({ state: 'learning', progress: { ofCalls: 100, windows: 1, ofWindows: 20 } });
  expect(line?.progress.calls).toBeGreaterThan(50);
  expect(line).not.toHaveProperty('learned');

  await traffic.go(240, CART, ORDERS);
  const [, second] = await ask<BaselinesAnswer>('baselines?state=provisional&search=CART');
  expect(second).toMatchObject({ counts: { learning: 0, provisional: 2, learned: 0 }, found: 1 });

  await traffic.go(420, CART, ORDERS);
  const [status, { state, learned, detail }] = await ask<BaselineAnswer>(`baselines/${encodeURIComponent(CART_KEY)}`);
  expect([status, state]).toEqual([200, 'learned']);
  expect(learned?.callsPerSecond).toBeCloseTo(4, 0);
  expect(learned?.confidence).toBeGreaterThan(0.95);
  // Lognormal with a deviation of 0.2: p95 is 1.39 times the median, p99 1.59.
  const [p50, p95, p99] = learned?.quantiles ?? [];
  for (const [of, ms] of [
    [p50, 20],
    [p95, 27.8],
    [p99, 31.8],
  ] as const) {
    expect(of?.lowMs).toBeLessThan(ms * 1.03);
    expect(of?.highMs).toBeGreaterThan(ms * 0.97);
    expect((of?.highMs ?? 0) / (of?.lowMs ?? 1)).toBeLessThan(1.4);
  }
  expect(detail?.minChange).toEqual({ latencyMs: 0, errorRatio: 0 });
  expect(detail?.meanMs).toBeCloseTo(20.4, 0);
  expect(detail?.density.reduce((sum, [, share]) => sum + share, 0)).toBeCloseTo(1, 1);
  const seen = (learned?.sight ?? []).map(({ kind, to }) => [kind, to]);
  expect(seen).toEqual([
    ['latency', 1.2],
    ['latency', 1.5],
    ['latency', 2],
    ['latency', 5],
    ['error', 0.05],
    ['error', 0.25],
    ['throughput', 0],
  ]);
  for (const { kind, to, seconds } of learned?.sight ?? [])
    if (to !== 1.2 && to !== 0.05) expect([kind, to, seconds !== null && seconds < 60]).toEqual([kind, to, true]);
});

it('shows violations while they are open, and when they are over', async () => {
  const running = await startCollector('sample: { after_root: 0s }');
  const ask = asking(running);
  const traffic = watchedTraffic(running);
  await traffic.go(300, CART, ORDERS);
  expect(await ask<ViolationsAnswer>('violations')).toEqual([
    200,
    { open: { info: 0, warning: 0, critical: 0, emergency: 0 }, groups: [], groupCount: 0 },
  ]);
  await traffic.go(60, { ...CART, medianMs: 80 }, ORDERS);
  const [, { open, groups, groupCount }] = await ask<ViolationsAnswer>('violations');
  expect([open.warning, groupCount]).toEqual([1, 1]);
  const [group] = groups;
  expect(group).toMatchObject({ severity: 'warning', peak: 'warning', memberCount: 1 });
  const [member] = group?.members ?? [];
  expect(member).toMatchObject({ kind: 'latency', severity: 'warning', subject: { key: CART_KEY } });
  expect(member?.ratio.low).toBeGreaterThan(3);
  expect(member?.ratio.high).toBeLessThan(5);
  expect(member?.explanation.summary).toContain('shop GET /cart takes');
  expect(await ask<GroupSummary>(`violations/${group?.id}`)).toEqual([200, group]);

  await traffic.go(60, CART, ORDERS);
  const [, later] = await ask<ViolationsAnswer>('violations');
  expect(later.open.warning).toBe(0);
  expect(later.groups.map(({ severity, peak }) => [severity, peak])).toEqual([['none', 'warning']]);
});

it('answers piece by piece where there are many', async () => {
  const running = await startCollector();
  const ask = asking(running);
  const spans = Array.from({ length: 250 }, (_, i) => testSpan({ name: `job ${i}`, startMs: running.clock.nowMs() }));
  await running.traces(bodyOf(spans));
  const check = async (query: string, found: number, names: readonly string[]): Promise<void> => {
    const [, answer] = await ask<BaselinesAnswer>(`baselines?${query}`);
    const shown = answer.baselines.map(({ operation }) => operation);
    expect([query, answer.found, answer.counts.learning, shown]).toEqual([query, found, 250, names]);
  };
  const jobs = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, i) => `job ${from + i}`);
  await check('', 250, jobs(0, 50));
  await check('offset=50', 250, jobs(50, 100));
  await check('offset=200&limit=50', 250, jobs(200, 250));
  await check('offset=250', 250, []);
  await check('search=JOB%2024', 11, ['job 24', ...jobs(240, 250)]);
  await check('search=job%2024&offset=1&limit=2', 11, jobs(240, 242));
  await check('state=learned', 0, []);
});

it('says what is wrong with a question', async () => {
  const running = await startCollector();
  const ask = asking(running);
  const check = async (path: string, status: number, error: string): Promise<void> =>
    expect([path, await ask<object>(path)]).toEqual([path, [status, { error }]]);
  for (const limit of ['0', '-1', '1.5', 'x', '', '51'])
    await check(`baselines?limit=${limit}`, 400, 'limit is a whole number from 1 to 50');
  await check('baselines?offset=-1', 400, 'offset is a whole number from 0 up');
  await check('baselines?state=known', 400, 'state is one of learning, provisional, learned, or left out');
  await check('baselines/%5B', 404, 'this operation is not watched');
  await check('baselines/%E0', 400, 'the path is not well encoded');
  await check('violations?limit=501', 400, 'limit is a whole number from 1 to 500');
  await check('violations/0a1b', 404, 'no violations are known under this id (any more)');
  await check('violations/a/b', 404, 'nothing is served at this path');
});

it('says so where baselines are off', async () => {
  for (const yaml of ['baseline: false', 'measure: false']) {
    const ask = asking(await startCollector(yaml));
    for (const path of ['baselines', 'baselines/x', 'violations', 'violations/x'])
      expect(await ask<object>(path)).toEqual([
        404,
        { error: 'baselines are off; take out baseline: false, and measure: false' },
      ]);
  }
});
