// `evenkeel baseline accept|reset` as somebody types it, against a sidecar that has learned.
import { expect, test } from 'vitest';
import { runCommand } from '../support/command.ts';
import { post } from '../support/http.ts';
import { type RunningCollector, startCollector } from '../support/running-collector.ts';
import { testSpan } from '../support/test-span.ts';
import { bodyOf } from '../support/traffic.ts';

const FLUSH_S = 5;
const CALLS_PER_S = 2;

/** Lets the service be called, twice a second. */
async function call({ clock, traces }: RunningCollector, seconds: number): Promise<void> {
  for (let passed = 0; passed < seconds; passed += FLUSH_S) {
    const startMs = clock.nowMs();
    clock.advance(FLUSH_S * 1000);
    const spans = Array.from({ length: FLUSH_S * CALLS_PER_S }, (_, i) =>
      testSpan({ startMs: startMs + (i * 1000) / CALLS_PER_S, durationMs: 20 + ((i * 7) % 13) }),
    );
    await traces(bodyOf(spans));
  }
}

async function operationsBy(running: RunningCollector): Promise<(string | undefined)[]> {
  const found = (await running.metrics()).matchAll(/^evenkeel_baseline_operations\{state="(\w+)"\} 1$/gm);
  return [...found].map(([, state]) => state);
}

test('learns an operation anew, and says what is wrong with a wish', async () => {
  const running = await startCollector();
  const url = running.urls.page;
  await call(running, 690);
  expect(await operationsBy(running)).toEqual(['learned']);
  const accepted = await runCommand(['baseline', 'accept', 'shop', 'GET', '/cart', '--url', url]);
  expect([accepted.code, accepted.stderr]).toEqual([0, '']);
  expect(accepted.stdout).toBe('shop GET /cart (SPAN_KIND_SERVER) is accepted as it is, and learned from now on\n');
  await call(running, 60);
  expect(await operationsBy(running)).toEqual(['learning']);

  const check = async (args: string[], code: number, message: RegExp): Promise<void> => {
    const ended = await runCommand(['baseline', ...args, '--url', url]);
    expect([ended.code, ended.stderr]).toEqual([code, expect.stringMatching(message)]);
  };
  await check(['reset'], 2, /SERVICE OPERATION/);
  await check(['reset', 'shop GET /nothing'], 1, /404, no operation is watched by the name shop GET \/nothing/);
  const status = async (body: string, headers: Record<string, string> = {}): Promise<number> =>
    (await post(`${url}/api/baselines/reset`, body, headers)).status;
  const wish = JSON.stringify({ name: 'shop GET /cart' });
  expect(await status(wish, { origin: 'http://elsewhere.example' })).toBe(403);
  expect(await status('{')).toBe(400);
  expect(await status('{"name":7}')).toBe(400);
  expect(await status(`{"name":"${'x'.repeat(9000)}"}`)).toBe(400);
  expect(await status(wish)).toBe(200);
}, 60_000);
