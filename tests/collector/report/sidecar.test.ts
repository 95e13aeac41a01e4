// Reports of a whole sidecar, with time of the test: from spans that come in to the documents that are asked for.
import { expect, it } from 'vitest';
import type { ReportsAnswer } from '../../../collector/src/web/api.ts';
import { send } from '../../support/http.ts';
import { type RunningCollector, startCollector } from '../../support/running-collector.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { testSpan } from '../../support/test-span.ts';
import { bodyOf } from '../../support/traffic.ts';

const NOON_MS = Date.UTC(2026, 2, 2, 12);
const MINUTE_MS = 60_000;

async function ask({ urls }: RunningCollector, path: string): Promise<readonly [number, string, string]> {
  const { status, headers, body } = await send(`${urls.page}/api/reports${path}`);
  return [status, body.toString(), String(headers['content-security-policy'])];
}

async function call({ traces, clock }: RunningCollector, count: number, error = false): Promise<void> {
  const spans = Array.from({ length: count }, () => testSpan({ startMs: clock.nowMs() - 100, durationMs: 100, error }));
  expect((await traces(bodyOf(spans))).status).toBe(200);
}

/** Lets time pass in steps, and what was begun meanwhile be done. */
async function pass({ clock }: RunningCollector, lengthMs: number): Promise<void> {
  for (let s = 0; s < lengthMs; s += MINUTE_MS) {
    clock.advance(MINUTE_MS);
    await new Promise(setImmediate);
  }
}

it('tells of a day once it is over, and of today as far as it is', async () => {
  const running = await startCollector('', { beginsMs: Date.UTC(2026, 2, 2, 23, 50) });
  await call(running, 90);
  await call(running, 10, true);
  await pass(running, 12 * MINUTE_MS);
  await call(running, 7);
  const [, list] = await ask(running, '');
  const { reports } = JSON.parse(list) as ReportsAnswer;
  expect(reports.map(({ kind, date, isOpen }) => [kind, date, isOpen])).toEqual([
    ['monthly', '2026-03-01', true],
    ['weekly', '2026-03-02', true],
    ['daily', '2026-03-03', true],
    ['daily', '2026-03-02', false],
  ]);
  const [status, yesterday] = await ask(running, '/daily');
  expect(status).toBe(200);
  expect(JSON.parse(yesterday)).toMatchObject({
    kind: 'daily',
    fromMs: Date.UTC(2026, 2, 2),
    sections: { operations: { rows: [{ service: 'shop', operation: 'GET /cart', calls: 100, errorRatio: 0.1 }] } },
  });
  const [, today] = await ask(running, '/daily?date=2026-03-03&format=markdown');
  expect(today).toContain('7 calls of 1 operation');
});

it('goes on with the day after a restart', async () => {
  const storePath = temporaryFolder();
  const first = await startCollector('', { storePath, beginsMs: NOON_MS });
  await call(first, 30);
  await first.stop();
  const second = await startCollector('', { storePath, beginsMs: NOON_MS + MINUTE_MS });
  await call(second, 12);
  const [, today] = await ask(second, '/daily?date=2026-03-02&format=json');
  expect(JSON.parse(today)).toMatchObject({ sections: { operations: { rows: [{ calls: 42, meanMs: 100 }] } } });
});

it('gives pages that run nothing and fetch nothing, and says what it does not have', async () => {
  const running = await startCollector('', { beginsMs: NOON_MS });
  await call(running, 1);
  const [status, html, policy] = await ask(running, '/daily?date=2026-03-02&format=html');
  expect([status, policy]).toEqual([200, expect.stringContaining("default-src 'none'")]);
  expect(html).not.toMatch(/<script|<img|<link|https?:\/\//i);
  expect((await ask(running, '/daily'))[0]).toBe(404);
  expect((await ask(running, '/hourly'))[0]).toBe(404);
  expect((await ask(running, '/daily?format=pdf'))[0]).toBe(400);
  expect((await ask(running, '/daily?date=2026-02-30'))[0]).toBe(400);
  const off = await startCollector('report: false');
  expect(await ask(off, '')).toEqual([404, expect.stringContaining('report: false'), expect.anything()]);
});
