// `evenkeel report` as somebody types it: of a sidecar that runs, and of the store of one that does not.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type Ended, runCommand } from '../support/command.ts';
import { startCollector } from '../support/running-collector.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { testSpan } from '../support/test-span.ts';
import { bodyOf } from '../support/traffic.ts';

const EVENING_MS = Date.UTC(2026, 2, 8, 23, 58);

it('asks a running sidecar, and reads the store of one that has stopped', async () => {
  const storePath = temporaryFolder();
  const running = await startCollector('', { storePath, beginsMs: EVENING_MS });
  const spans = Array.from({ length: 5 }, () => testSpan({ startMs: running.clock.nowMs() - 100, durationMs: 100 }));
  await running.traces(bodyOf(spans));
  running.clock.advance(180_000);
  const ask = (...args: string[]): Promise<Ended> => runCommand(['report', ...args, '--url', running.urls.page]);

  const markdown = await ask('daily');
  expect([markdown.code, markdown.stderr]).toEqual([0, '']);
  expect(markdown.stdout).toMatch(/^# Daily report, 2026-03-08\n\n/);
  expect(markdown.stdout).toContain('5 calls of 1 operation');
  const file = join(temporaryFolder(), 'week.json');
  expect(await ask('weekly', '--date', '2026-03-04', '--format', 'json', '--out', file)).toMatchObject({
    code: 0,
    stdout: '',
  });
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ kind: 'weekly', fromMs: Date.UTC(2026, 2, 2) });
  const html = await ask('monthly', '--date=2026-03-01', '--format=html');
  expect(html.stdout).toMatch(/^<!doctype html>/);

  const unknown = await ask('daily', '--date', '2026-02-01');
  expect([unknown.code, unknown.stderr, unknown.stdout]).toEqual([
    3,
    'evenkeel: nothing is known of this period\n',
    '',
  ]);
  for (const wrong of [
    ['hourly'],
    [],
    ['daily', '--date', '2026-02-30'],
    ['daily', '--format', 'pdf'],
    ['daily', '--config', 'x'],
  ])
    expect((await ask(...wrong)).code, wrong.join(' ')).toBe(2);

  const store = ['--set', `store.path=${storePath}`];
  expect((await runCommand(['store', 'backup', join(temporaryFolder(), 'copy'), ...store])).code).toBe(0);
  await running.stop();
  expect((await ask('daily')).code).toBe(1);
  const kept = await runCommand(['report', 'weekly', '--store', '--date', '2026-03-08', '--format', 'json', ...store]);
  expect([kept.code, kept.stderr]).toEqual([0, '']);
  expect(JSON.parse(kept.stdout)).toMatchObject({
    sections: {
      operations: { rows: [{ service: 'shop', operation: 'GET /cart', calls: 5 }] },
      upkeep: { rows: [{ what: 'Check of what was learned', result: 'due' }, { result: 'done' }] },
    },
  });
  const latest = await runCommand(['report', 'daily', '--store', ...store]);
  expect([latest.code, latest.stderr]).toEqual([
    3,
    expect.stringMatching(/hint: .* of this one: --date \d{4}-\d\d-\d\d$/m),
  ]);
}, 60_000);
