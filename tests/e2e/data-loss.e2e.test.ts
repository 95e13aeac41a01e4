// A backend that is down and a queue that is small: whoever is on call hears of it before and while spans are lost, and
// that it is over.
import { expect, it } from 'vitest';
import type { ViolationsAnswer } from '../../collector/src/web/api.ts';
import { eventually } from '../support/eventually.ts';
import { send } from '../support/http.ts';
import { type RunningCollector, startCollector } from '../support/running-collector.ts';
import { startSink } from '../support/sink.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { testSpan } from '../support/test-span.ts';
import { bodyOf } from '../support/traffic.ts';

async function violations({ urls }: RunningCollector): Promise<ViolationsAnswer> {
  return JSON.parse((await send(`${urls.page}/api/violations`)).body.toString()) as ViolationsAnswer;
}

let trace = 0;

/** Sends spans of so many traces, and lets a second pass. */
async function second({ traces, clock }: RunningCollector, count: number): Promise<void> {
  const spans = Array.from({ length: count }, () => testSpan({ startMs: clock.nowMs(), trace: `loss ${trace++}` }));
  if (count > 0) expect((await traces(bodyOf(spans))).status).toBe(200);
  clock.advance(1000);
}

it('says that spans are lost, goes on after a restart, and says that it is over', async () => {
  const sink = await startSink();
  sink.react({ status: 503 });
  const exporter = `{endpoint: "${sink.url}", signals: [traces], max_queue: 32KiB, compression: none, retry_elapsed: 10m}`;
  const config = `sample: false\nexport: {drain_timeout: 1s, otlp: {backend: ${exporter}}}`;
  const storePath = temporaryFolder();
  const before = await startCollector(config, { storePath });
  let lines: string[] = [];
  await eventually(
    () => `the emergency; ${JSON.stringify(before.books().exporters)}`,
    async () => {
      await second(before, 200);
      const { groups } = await violations(before);
      lines = groups.map(({ severity, members }) => `${severity} ${members[0]?.explanation.summary}`);
      return lines.some((line) => line.includes('gives up'));
    },
  );
  expect(lines).toEqual([
    expect.stringMatching(
      /^emergency exporter backend gives up what it cannot deliver since [\d:]{8}\. Bring its receiver back; .* export\.otlp\.backend\.$/,
    ),
  ]);
  expect(before.books().exporters[0]?.failed['queue_full']).toBeGreaterThan(0);
  await before.stop();

  sink.react({ status: 200 });
  const after = await startCollector(config, { storePath, beginsMs: before.clock.nowMs() });
  expect((await violations(after)).open.emergency).toBe(1);
  for (let s = 0; s < 45; s++) await second(after, s % 15 === 0 ? 1 : 0);
  const { open, groups } = await violations(after);
  expect([open.emergency, groups.length, groups[0]?.severity]).toEqual([0, 1, 'none']);
  await after.delivered();
});
