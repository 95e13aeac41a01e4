// `evenkeel keep` as somebody types it, against a sidecar that runs.
import { expect, test } from 'vitest';
import { runCommand } from '../support/command.ts';
import { startCollector } from '../support/running-collector.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { testSpan, traceIdOf } from '../support/test-span.ts';
import { bodyOf } from '../support/traffic.ts';

/** Its randomness is below the threshold of every default policy. */
const UNLUCKY = '0123456789abcdef1200000000000001';
const ALSO_UNLUCKY = '0123456789abcdef1200000000000002';

test('keeps a trace that no policy would keep, and says so when asked why', async () => {
  const running = await startCollector('', { storePath: temporaryFolder() });
  const url = ['--url', running.urls.page ?? ''];
  const id = traceIdOf(UNLUCKY).toString('hex');
  const kept = await runCommand(['keep', '--trace', id, '--for', '1m', ...url]);
  expect([kept.code, kept.stderr, kept.stdout]).toEqual([0, '', `trace ${id} is kept for 60 s\n`]);
  await running.traces(bodyOf([testSpan({ trace: UNLUCKY }), testSpan({ trace: ALSO_UNLUCKY })]));
  running.clock.advance(7000);
  const why = await runCommand(['why', id, ...url]);
  expect(why.stdout).toContain('somebody asked to keep it');
  const other = await runCommand(['why', traceIdOf(ALSO_UNLUCKY).toString('hex'), ...url]);
  expect(other.stdout).toContain(': dropped');
});

test('says what is wrong with a wish, and what a sidecar has against it', async () => {
  const running = await startCollector('', { storePath: temporaryFolder() });
  const url = ['--url', running.urls.page ?? ''];
  const check = async (args: string[], code: number, message: RegExp): Promise<void> => {
    const ended = await runCommand(['keep', ...args, ...url]);
    expect([ended.code, ended.stderr]).toEqual([code, expect.stringMatching(message)]);
  };
  await check([], 2, /--trace ID, or --service NAME/);
  await check(['--trace', 'x', '--service', 'shop'], 2, /--trace ID, or --service NAME/);
  await check(['--operation', 'GET /'], 2, /--trace ID, or --service NAME/);
  await check(['--trace', 'abc'], 1, /400, trace_id a trace id has 32 hexadecimal digits/);
  await check(['--service', 'shop', '--for', '2d'], 1, /400, for must be/);
});
