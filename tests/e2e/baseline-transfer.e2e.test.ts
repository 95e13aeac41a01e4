// `evenkeel baseline export` and `import`: what one sidecar has learned, another watches by at once; and a build is held
// against it.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runCommand } from '../support/command.ts';
import { post, send } from '../support/http.ts';
import { normal } from '../support/learned-operation.ts';
import { seeded } from '../support/random.ts';
import { type RunningCollector, startCollector } from '../support/running-collector.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { watchedTraffic } from '../support/watched-traffic.ts';
import type { ViolationsAnswer } from '../../collector/src/web/api.ts';

const CART = { name: 'GET /cart', callsPerSecond: 4, medianMs: 20 };
const BEGIN_MS = 1_800_000_000_000;

async function baseline({ urls }: RunningCollector, ...args: string[]): Promise<readonly [number | null, string]> {
  const { code, stdout, stderr } = await runCommand(['baseline', ...args, '--url', urls.page]);
  return [code, stdout + stderr];
}

async function kinds({ urls }: RunningCollector): Promise<string[]> {
  const answer = JSON.parse((await send(`${urls.page}/api/violations`)).body.toString()) as ViolationsAnswer;
  return answer.groups.flatMap(({ members }) => members.map(({ kind, severity }) => `${kind} ${severity}`));
}

/** Recorded calls of the same operation, as another program would have made them. */
function recorded(slower: number): string {
  const random = seeded(5);
  const calls = Array.from({ length: 2000 }, (_, i) => {
    const durationMs = slower * 20 * Math.exp(0.2 * normal(random));
    return {
      t_ms: BEGIN_MS + i * 250,
      op: CART.name,
      service: 'shop',
      kind: 'server',
      duration_ms: durationMs,
      error: 0,
    };
  });
  return calls.map((call) => `${JSON.stringify(call)}\n`).join('');
}

it('takes what was learned from one sidecar into another, which watches at once', async () => {
  const file = join(temporaryFolder(), 'baselines.json');
  const from = await startCollector();
  await watchedTraffic(from).go(700, { ...CART, version: '1.4.1' });
  await watchedTraffic(from, 3).go(20, { name: 'GET /seldom', callsPerSecond: 1, medianMs: 20 });
  expect(await baseline(from, 'export', '--out', file)).toEqual([0, `1 baselines written into ${file}\n`]);
  const [shown] = JSON.parse(readFileSync(file, 'utf8')).operations as Record<string, unknown>[];
  expect(shown).toMatchObject({ op: CART.name, service: 'shop', kind: 'server', service_version: '1.4.1' });

  const to = await startCollector('', { seed: 2 });
  expect(await baseline(to, 'import', file)).toEqual([0, '1 baselines are watched by\n']);
  const again = await baseline(to, 'import', file);
  expect(again).toEqual([
    0,
    expect.stringMatching(/^0 baselines are watched by; 1 are not:\n {2}shop GET \/cart: it has/),
  ]);
  expect(await baseline(to, 'import', file, '--replace')).toEqual([0, '1 baselines are watched by\n']);
  const [, show] = await baseline(to, 'show', CART.name);
  expect(show).toMatch(/^shop GET \/cart \(server\): learned\n[^]* version +1, under 1\.4\.1\n/);
  const traffic = watchedTraffic(to, 2);
  await traffic.go(120, CART);
  expect(await kinds(to)).toEqual([]);
  await traffic.go(60, { ...CART, medianMs: 60 });
  expect(await kinds(to)).toEqual(['latency warning']);
  // Whoever replaces what is in violation begins anew.
  expect(await baseline(to, 'import', file, '--replace')).toEqual([0, '1 baselines are watched by\n']);
  expect(await kinds(to)).toEqual(['latency none']);

  const run = (slower: number): string => {
    const name = join(temporaryFolder(), `${slower}.jsonl`);
    writeFileSync(name, recorded(slower));
    return name;
  };
  const check = async (slower: number): Promise<number | null> =>
    (await runCommand(['baseline', 'check', '--against', file, run(slower)])).code;
  expect([await check(1), await check(1.5)]).toEqual([0, 1]);
}, 60_000);

it('takes no document that is not sound, too large, or from another page, and says what is not', async () => {
  const to = await startCollector();
  const file = join(temporaryFolder(), 'bad.json');
  writeFileSync(file, '{"version":1,"created":"2026-01-01T00:00:00Z","operations":[{"op":""}]}');
  expect(await baseline(to, 'import', file)).toEqual([1, expect.stringMatching(/operations\[0\]/)]);
  expect((await baseline(to, 'import'))[0]).toBe(2);
  const status = async (body: string, query = '', headers: Record<string, string> = {}): Promise<number> =>
    (await post(`${to.urls.page}/api/baselines/import${query}`, body, headers)).status;
  const empty = '{"version":1,"created":"2026-01-01T00:00:00Z","operations":[]}';
  expect(await status(empty)).toBe(200);
  expect(await status(empty, '', { origin: 'http://elsewhere.example' })).toBe(403);
  expect(await status(empty, '?replace=perhaps')).toBe(400);
  expect(await status('{"version":1,"operations":7}')).toBe(400);
  expect(await status(`${empty}${' '.repeat(2 * 1024 * 1024)}`)).toBe(400);
  expect((await send(`${to.urls.page}/api/baselines/import`, { method: 'DELETE' })).status).toBe(405);
  expect((await send(`${to.urls.page}/api/baselines/export?limit=51`)).status).toBe(400);
  const off = await startCollector('baseline: false');
  expect((await baseline(off, 'export'))[1]).toContain('404, baselines are off');
});

it('asks for the token where the page does', async () => {
  const token = 'a-token-that-is-long-enough-for-anyone';
  const to = await startCollector('web: {auth: {tokens: ["${env:PAGE_TOKEN}"]}}', {
    environment: { PAGE_TOKEN: token },
  });
  const file = join(temporaryFolder(), 'none.json');
  writeFileSync(file, '{"version":1,"created":"2026-01-01T00:00:00Z","operations":[]}');
  const status = async (path: string, body?: string): Promise<number> =>
    (await send(`${to.urls.page}/api/baselines/${path}`, body === undefined ? {} : { method: 'POST', body })).status;
  expect([await status('export'), await status('import', readFileSync(file, 'utf8'))]).toEqual([401, 401]);
  const { code, stdout } = await runCommand(['baseline', 'import', file, '--url', to.urls.page], {
    EVENKEEL_TOKEN: token,
  });
  expect([code, stdout]).toEqual([0, '0 baselines are watched by\n']);
});
