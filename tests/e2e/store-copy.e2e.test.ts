// `evenkeel store backup|verify|restore` as somebody types it, beside a sidecar that runs.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Ended, runCommand } from '../support/command.ts';
import { eventually } from '../support/eventually.ts';
import { startCollector } from '../support/running-collector.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { testSpan } from '../support/test-span.ts';
import { bodyOf } from '../support/traffic.ts';

test('copies what a running sidecar has learned, and puts it back while none runs', async () => {
  const [storePath, target] = [temporaryFolder(), join(temporaryFolder(), 'state.copy')];
  const store = (...args: string[]): Promise<Ended> =>
    runCommand(['store', ...args, '--set', `store.path=${storePath}`]);
  const running = await startCollector('', { storePath });
  await running.traces(bodyOf([testSpan({ startMs: running.clock.nowMs() })]));
  running.clock.advance(400_000);
  await eventually('an operation to be written', async () => /_saved_states_total [1-9]/.test(await running.metrics()));

  const copied = await store('backup', target);
  expect([copied.code, copied.stderr, copied.stdout]).toEqual([
    0,
    '',
    `${target} is sound; documents of alert: 1, baseline: 1, releases: 2, report: 3\n`,
  ]);
  expect((await store('backup', target)).code).toBe(1);
  expect(JSON.parse((await store('verify', '--json')).stdout)).toMatchObject({
    sound: true,
    documents: { alert: 1, baseline: 1, releases: 2, report: 3 },
  });
  const refused = await store('restore', target);
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/a sidecar runs on the store/)]);

  await running.stop();
  expect((await store('restore', target)).code).toBe(0);
  expect(existsSync(join(storePath, 'state.sqlite.before-restore'))).toBe(true);
  expect((await store('verify')).code).toBe(0);
  const again = await startCollector('', { storePath });
  again.clock.advance(61_000);
  expect(await again.metrics()).toMatch(/evenkeel_baseline_operations\{state="learning"\} 1/);
}, 60_000);
