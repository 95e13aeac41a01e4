// `evenkeel baseline list` and `show` as somebody types them, against a sidecar that runs on the test's time.
import { expect, it } from 'vitest';
import type { BaselineAnswer, BaselinesAnswer } from '../../collector/src/web/api.ts';
import { type Ended, runCommand } from '../support/command.ts';
import { type RunningCollector, startCollector } from '../support/running-collector.ts';
import { testSpan } from '../support/test-span.ts';
import { bodyOf } from '../support/traffic.ts';
import { watchedTraffic } from '../support/watched-traffic.ts';

const CART_KEY = '["shop","GET /cart","SPAN_KIND_SERVER"]';

function baseline({ urls }: RunningCollector, ...args: string[]): Promise<Ended> {
  return runCommand(['baseline', ...args, '--url', urls.page]);
}

const MIN_CHANGE =
  'baseline: { min_change: { latency: 1s, errors: 0.02, overrides: [{ service: shop, operation: GET /cart, latency: 50ms }] } }';

it('lists what is watched, and shows everything of one', async () => {
  const running = await startCollector(MIN_CHANGE);
  await watchedTraffic(running).go(300, { name: 'GET /cart', callsPerSecond: 4, medianMs: 20 });
  const carts = [{ name: 'GET /cart/items' }, { name: 'GET /cart/items', service: 'till' }, { name: 'a\u001b[2Jb' }];
  await running.traces(bodyOf(carts.map((each) => testSpan({ ...each, startMs: running.clock.nowMs() }))));

  const list = await baseline(running, 'list');
  expect([list.code, list.stderr]).toEqual([0, '']);
  const [head, , names, ...rows] = list.stdout.trimEnd().split('\n');
  expect(head).toBe('4 operations are watched: 0 learned, 1 provisional, 3 learning');
  expect(names).toMatch(/^ +service +operation +state +p50 +p95 +p99 +errors +calls\/s +learned$/);
  expect(rows[0]).toMatch(/^ +shop +GET \/cart +provisional +[\d.]+ ms +[\d.]+ ms +[\d.]+ ms +0 % +[\d.]+ +20.* UTC$/);
  expect(rows[1]).toMatch(/^ +shop +GET \/cart\/items +learning +(- +){5}\d+ of 100 calls, 0 of 20 windows$/);
  expect(rows[2]).toContain('a\u{fffd}[2Jb');
  const { baselines } = JSON.parse((await baseline(running, 'list', 'items', '--json')).stdout) as BaselinesAnswer;
  expect(baselines.map(({ service }) => service)).toEqual(['shop', 'till']);

  const show = await baseline(running, 'show', 'GET /cart');
  expect([show.code, show.stderr]).toEqual([0, '']);
  expect(show.stdout).toMatch(/^shop GET \/cart \(server\): provisional\n\nnormal\n +p50 +[\d.]+ ms +[\d.]+ ms to/);
  expect(show.stdout).toMatch(/\n +told of from +50 ms more, 2 % errors +by min_change\n/);
  expect(show.stdout).toMatch(/would be seen after\n[^]* +5 times as long +\d+ s\n[^]* +no more calls +\d+ s\n/);
  expect((await baseline(running, 'show', CART_KEY)).stdout).toBe(show.stdout);
  const answer = JSON.parse((await baseline(running, 'show', 'shop GET /cart', '--json')).stdout) as BaselineAnswer;
  expect([answer.key, answer.state]).toEqual([CART_KEY, 'provisional']);
});

it('says which names may be meant, that one is not watched, and that baselines are off', async () => {
  const running = await startCollector();
  const spans = [
    { name: 'read', service: 'a' },
    { name: 'read', service: 'b' },
  ];
  await running.traces(bodyOf(spans.map((each) => testSpan({ ...each, startMs: running.clock.nowMs() }))));
  const several = await baseline(running, 'show', 'read');
  expect([several.code, several.stdout]).toEqual([2, '']);
  expect(several.stderr).toContain(
    'several operations may be meant; say which:\n  \'["a","read","SPAN_KIND_SERVER"]\'',
  );
  expect((await baseline(running, 'show', 'b read')).code).toBe(0);
  const none = await baseline(running, 'show', 'write');
  expect([none.code, none.stderr]).toEqual([3, 'evenkeel: no operation of this name is watched: write\n']);
  expect((await baseline(running, 'show')).code).toBe(2);
  const off = await baseline(await startCollector('baseline: false'), 'list');
  expect([off.code, off.stderr.includes('says 404, baselines are off')]).toEqual([1, true]);
});
