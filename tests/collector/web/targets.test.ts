// Targets with a whole sidecar behind them and time of the test: API, metrics page, and what sampling makes of a miss.
import { expect, it } from 'vitest';
import { encodeMetrics } from '../../../collector/src/otlp/encode-metrics.ts';
import type { TargetsAnswer, ViolationsAnswer } from '../../../collector/src/web/api.ts';
import { dataPoint } from '../../support/data-points.ts';
import { eventually } from '../../support/eventually.ts';
import { post, send } from '../../support/http.ts';
import { type RunningCollector, startCollector } from '../../support/running-collector.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { watchedTraffic } from '../../support/watched-traffic.ts';

const TARGETS = `
sample: { after_root: 0s, policies: [{ name: violation, type: violation, ratio: 1, decay: 1s }] }
targets:
  operations: { slow: { statistic: p95, max: 100ms } }
  metrics: { depth: { metrics: [queue.depth], by: [queue.name], statistic: value, max: 10, sustained: 0s } }
`;
const CART = { name: 'GET /cart', callsPerSecond: 4 };

async function ask<T>({ urls }: RunningCollector, path: string): Promise<[number, T]> {
  const { status, body } = await send(`${urls.page}/api/${path}`);
  return [status, JSON.parse(body.toString()) as T];
}

/** Who tells waits until it is written down. */
async function told({ log, clock }: RunningCollector, what: RegExp): Promise<void> {
  await eventually(
    () => `${what.source} among ${log.join('\n')}`,
    () => log.some((line) => what.test(line)) || void clock.advance(100),
  );
}

it('says an operation that misses its target, keeps its traces, and is done when it meets it', async () => {
  const running = await startCollector(TARGETS);
  const traffic = watchedTraffic(running);
  await traffic.go(60, { ...CART, medianMs: 20 });
  const [status, { targets }] = await ask<TargetsAnswer>(running, 'targets');
  expect([status, targets.map(({ name, text }) => `${name}: ${text}`)]).toEqual([
    200,
    ['slow: at most 100 ms', 'depth: at most 10'],
  ]);
  expect(targets[0]?.subjects).toMatchObject([{ name: 'shop GET /cart', state: 'met' }]);
  const keptBefore = running.books().spans.kept;
  await traffic.go(60, { ...CART, medianMs: 200 });
  const [, { groups }] = await ask<ViolationsAnswer>(running, 'violations');
  expect(groups).toMatchObject([
    { severity: 'warning', members: [{ kind: 'target', subject: { name: 'shop GET /cart' } }] },
  ]);
  expect(running.books().spans.kept).toBeGreaterThan(keptBefore);
  await told(running, /shop GET \/cart takes \d+ ms at p95, more than its target of 100 ms since/);
  const page = await running.metrics();
  expect(page).toContain('evenkeel_target_bound{target="slow",direction="max"} 0.1');
  expect(page).toMatch(/^evenkeel_target_value\{target="slow",subject="shop GET \/cart"\} 0\.2\d*$/m);
  expect(page).toMatch(/^evenkeel_target_misses_total\{target="slow",severity="warning"\} 1$/m);
  expect(page).toContain('evenkeel_target_subjects{state="missed"} 1');
  await traffic.go(60, { ...CART, medianMs: 20 });
  const [, after] = await ask<ViolationsAnswer>(running, 'violations');
  expect(after).toMatchObject({ open: { warning: 0 }, groups: [{ severity: 'none', peak: 'warning' }] });
});

it('judges metrics that came in by the door', async () => {
  const running = await startCollector(TARGETS);
  const hand = async (value: number): Promise<void> => {
    const point = dataPoint({
      name: 'queue.depth',
      kind: 'gauge',
      attributes: { 'queue.name': 'mail' },
      value,
      startMs: 0,
      timeMs: running.clock.nowMs(),
    });
    for (const { body } of encodeMetrics([point]))
      expect((await post(`${running.urls.otlpHttp}/v1/metrics`, body)).status).toBe(200);
    running.clock.advance(10_000);
  };
  await hand(40);
  const [, { groups }] = await ask<ViolationsAnswer>(running, 'violations');
  expect(groups[0]?.members[0]).toMatchObject({
    subject: { name: 'shop depth (mail)', attributes: { 'metric.name': 'queue.depth', 'queue.name': 'mail' } },
    ratio: { value: 4 },
  });
  await hand(4);
  expect((await ask<ViolationsAnswer>(running, 'violations'))[1].open.warning).toBe(0);
});

it('goes on after a restart with what it said before', async () => {
  const storePath = temporaryFolder();
  const targets = 'targets: { operations: { slow: { statistic: mean, max: 100ms, window: 10s, sustained: 0s } } }';
  const said = async (running: RunningCollector): Promise<unknown[]> => {
    const [, { groups }] = await ask<ViolationsAnswer>(running, 'violations');
    return groups.flatMap(({ members }) => members.map(({ id, severity }) => [id, severity]));
  };
  const first = await startCollector(targets, { storePath });
  await watchedTraffic(first).go(20, { ...CART, medianMs: 200 });
  const [[id] = []] = (await said(first)) as [string, string][];
  await told(first, /ALERT_FIRING_WARNING/);
  await first.stop();

  const beginsMs = first.clock.nowMs() + 10_000;
  const second = await startCollector(targets, { storePath, beginsMs, seed: 2 });
  await watchedTraffic(second, 2).go(30, { ...CART, medianMs: 200 });
  expect(await said(second)).toEqual([[id, 'warning']]);
  expect(second.log.filter((line) => line.includes('ALERT_FIRING'))).toEqual([]);
  await watchedTraffic(second, 3).go(30, { ...CART, medianMs: 20 });
  expect(await said(second)).toEqual([[id, 'none']]);
}, 20_000);

it('has no target unless one is configured', async () => {
  expect(await ask(await startCollector(), 'targets')).toEqual([200, { targets: [] }]);
});
