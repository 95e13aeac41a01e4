// Reports of a whole sidecar, with time of the test: from spans that come in to the documents that are asked for.
import { expect, it } from 'vitest';
import type { ReportsAnswer } from '../../../collector/src/web/api.ts';
import { encodeMetrics } from '../../../collector/src/otlp/encode-metrics.ts';
import { dataPoint, histogramOf } from '../../support/data-points.ts';
import { eventually } from '../../support/eventually.ts';
import { post, send } from '../../support/http.ts';
import { mailServer } from '../../support/mail-server.ts';
import { type RunningCollector, startCollector } from '../../support/running-collector.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { testSpan } from '../../support/test-span.ts';
import { bodyOf } from '../../support/traffic.ts';

const NOON_MS = Date.UTC(2026, 2, 2, 12);
const MINUTE_MS = 60_000;
const ERROR_TYPE = { key: 'error.type', value: { stringValue: 'ETIMEDOUT' } };

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
  for (let left = lengthMs; left > 0; left -= MINUTE_MS) {
    clock.advance(Math.min(left, MINUTE_MS));
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
  const running = await startCollector('resources: false', { beginsMs: NOON_MS });
  await call(running, 1);
  const [status, html, policy] = await ask(running, '/daily?date=2026-03-02&format=html');
  expect([status, policy]).toEqual([200, expect.stringContaining("default-src 'none'")]);
  expect(html).toContain('No resource was watched.');
  expect(html).not.toMatch(/<script|<img|<link|https?:\/\//i);
  expect((await ask(running, '/daily'))[0]).toBe(404);
  expect((await ask(running, '/hourly'))[0]).toBe(404);
  expect((await ask(running, '/daily?format=pdf'))[0]).toBe(400);
  expect((await ask(running, '/daily?date=2026-02-30'))[0]).toBe(400);
  const off = await startCollector('report: false');
  expect(await ask(off, '')).toEqual([404, expect.stringContaining('report: false'), expect.anything()]);
});

it('gathers from every room: what failed of what, models, readings, cleanup; and mails the day', async () => {
  const server = await mailServer();
  const smtp = `type: email, host: localhost, port: ${server.port}, security: none, from: evenkeel@example.com`;
  const yaml = `
alert: { channels: { ops: { ${smtp}, to: [ada@example.com] } } }
report:
  email: { channel: ops, kinds: [daily], time: "00:02" }
  llm_prices: [{ model: small, input: 1, output: 2 }]
store: { ring_age: 1m }
`;
  const beginsMs = Date.UTC(2026, 2, 2, 23, 50);
  const running = await startCollector(yaml, { storePath: temporaryFolder(), beginsMs });
  const nowMs = running.clock.nowMs();
  const failed = () => ({ ...testSpan({ startMs: nowMs - 100, error: true }), attributes: [ERROR_TYPE] });
  expect((await running.traces(bodyOf([failed(), failed()]))).status).toBe(200);
  const attributes = { 'gen_ai.provider.name': 'acme', 'gen_ai.request.model': 'small' };
  const points = [
    dataPoint({ name: 'gen_ai.client.operation.duration', unit: 's', attributes, startMs: nowMs, timeMs: nowMs + 1, value: histogramOf([1, 2, 3], [1]) }),
    dataPoint({ name: 'gen_ai.client.token.usage', attributes: { ...attributes, 'gen_ai.token.type': 'input' }, startMs: nowMs, timeMs: nowMs + 1, value: histogramOf([2_000_000], [1]) }),
    dataPoint({ name: 'process.memory.usage', kind: 'gauge', isMonotonic: false, unit: 'By', value: 5000, startMs: 0, timeMs: nowMs + 1 }),
  ]; // prettier-ignore
  for (const { body } of encodeMetrics(points))
    expect((await post(`${running.urls.otlpHttp}/v1/metrics`, body)).status).toBe(200);
  await pass(running, 6 * MINUTE_MS);
  await eventually('the trace to be removed again', async () => {
    await pass(running, MINUTE_MS / 60);
    return (await running.metrics()).includes('evenkeel_store_removed_total{data="traces"} 2');
  });
  const [, daily] = await ask(running, '/daily?date=2026-03-02');
  const { sections } = JSON.parse(daily);
  expect(sections.errors.rows).toMatchObject([{ service: 'shop', type: 'ETIMEDOUT', count: 2 }]);
  expect(sections.resources.rows).toContainEqual(
    expect.objectContaining({ name: 'shop process.memory.usage', mean: 5000 }),
  );
  expect(sections.cleanup.rows).toContainEqual(
    expect.objectContaining({ what: 'kept traces', removed: 2, overdue: 0 }),
  );
  expect(sections.coverage.rows[2]).toMatchObject({ what: 'Operations without', count: 1 });
  const [, monthly] = await ask(running, '/monthly?date=2026-03-02');
  expect(JSON.parse(monthly).sections.llm.rows).toMatchObject([
    { provider: 'acme', model: 'small', calls: 3, inputTokens: 2_000_000, cost: 2 },
  ]);
  await pass(running, 8 * MINUTE_MS);
  const [mail] = await server.received(1);
  expect([mail?.to, mail?.header('subject')]).toEqual([
    ['ada@example.com'],
    expect.stringMatching(/^Daily report, 2026-03-02: /),
  ]);
});
