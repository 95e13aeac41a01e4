// A deploy that makes an operation slow is named in what is said of it, and baselines tell which version they are of.
import { expect, it } from 'vitest';
import type { BaselineAnswer, ViolationsAnswer } from '../../collector/src/web/api.ts';
import { runCommand } from '../support/command.ts';
import { send } from '../support/http.ts';
import { type RunningCollector, startCollector } from '../support/running-collector.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { watchedTraffic } from '../support/watched-traffic.ts';

const CART = { name: 'GET /cart', callsPerSecond: 3, medianMs: 20 };

async function changes({ urls }: RunningCollector): Promise<(string | undefined)[]> {
  const answer = JSON.parse((await send(`${urls.page}/api/violations`)).body.toString()) as ViolationsAnswer;
  return answer.groups.flatMap(({ members }) => members.map(({ explanation }) => explanation.change));
}

async function show({ urls }: RunningCollector): Promise<BaselineAnswer> {
  const key = encodeURIComponent('["shop","GET /cart","SPAN_KIND_SERVER"]');
  return JSON.parse((await send(`${urls.page}/api/baselines/${key}`)).body.toString()) as BaselineAnswer;
}

it('names the version that came shortly before, over a restart as well', async () => {
  const storePath = temporaryFolder();
  const before = await startCollector('', { storePath });
  await watchedTraffic(before).go(700, { ...CART, version: '1.4.1' });
  expect(await show(before)).toMatchObject({
    state: 'learned',
    learned: { version: 1, serviceVersion: '1.4.1' },
    detail: { changes: [], former: [] },
  });
  await before.stop();

  const after = await startCollector('', { storePath, beginsMs: before.clock.nowMs() });
  const traffic = watchedTraffic(after, 2);
  // The version of before is not new to it.
  await traffic.go(60, { ...CART, version: '1.4.1' });
  expect((await show(after)).detail?.changes).toEqual([]);
  await traffic.go(60, { ...CART, version: '1.4.2', medianMs: 70 });
  expect(await changes(after)).toEqual([
    expect.stringMatching(/^shop 1\.4\.2 \(after 1\.4\.1\) first seen \d+ s (before|after)$/),
  ]);
  const { stdout } = await runCommand(['baseline', 'show', 'GET /cart', '--url', after.urls.page]);
  expect(stdout).toMatch(/changed\n +20.* UTC +shop 1\.4\.2 \(after 1\.4\.1\) first seen\n/);
  expect(stdout).toMatch(/ version +1, under 1\.4\.1\n/);
});

it('names another configuration of the sidecar', async () => {
  const storePath = temporaryFolder();
  const before = await startCollector('', { storePath });
  await watchedTraffic(before).go(240, CART);
  await before.stop();
  const after = await startCollector('sample: {policies: [{name: all, type: probabilistic, ratio: 1}]}', {
    storePath,
    beginsMs: before.clock.nowMs(),
  });
  const traffic = watchedTraffic(after, 2);
  await traffic.go(30, CART);
  await traffic.go(60, { ...CART, medianMs: 160 });
  expect(await changes(after)).toEqual([
    expect.stringMatching(/^this sidecar started with another configuration \d+ s before$/),
  ]);
});
