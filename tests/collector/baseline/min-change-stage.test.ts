// A whole sidecar with a least change: what is withheld stays so over a restart, and is told of once it has grown.
import { expect, it } from 'vitest';
import type { ViolationsAnswer } from '../../../collector/src/web/api.ts';
import { send } from '../../support/http.ts';
import { type RunningCollector, startCollector } from '../../support/running-collector.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { watchedTraffic } from '../../support/watched-traffic.ts';

const CART = { name: 'GET /cart', callsPerSecond: 4, medianMs: 20 };
const CONFIG = "baseline: {min_change: {overrides: [{operation: 'GET *', latency: 200ms}]}}";

async function told({ urls }: RunningCollector): Promise<string[]> {
  const answer = JSON.parse((await send(`${urls.page}/api/violations`)).body.toString()) as ViolationsAnswer;
  return answer.groups.flatMap(({ members }) => members.map(({ kind, peak }) => `${kind} ${peak}`));
}

it('is withheld, over a restart as well, until it is large enough', async () => {
  const storePath = temporaryFolder();
  const before = await startCollector(CONFIG, { storePath });
  const traffic = watchedTraffic(before);
  await traffic.go(240, CART);
  await traffic.go(60, { ...CART, medianMs: 100 });
  expect(await told(before)).toEqual([]);
  expect(await before.metrics()).toMatch(/^evenkeel_baseline_withheld_changes_total\{kind="latency"\} [1-9]/m);
  await before.stop();
  const after = await startCollector(CONFIG, { storePath, beginsMs: before.clock.nowMs() });
  const more = watchedTraffic(after, 2);
  await more.go(30, { ...CART, medianMs: 100 });
  expect(await told(after)).toEqual([]);
  await more.go(120, { ...CART, medianMs: 600 });
  expect(await told(after)).toEqual(['latency critical']);
});
