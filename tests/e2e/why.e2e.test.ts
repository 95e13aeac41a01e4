// `evenkeel why` as somebody types it, against a sidecar that runs.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { DecisionAnswer } from '../../collector/src/web/api.ts';
import { type Ended, runCommand } from '../support/command.ts';
import { type RunningCollector, startCollector } from '../support/running-collector.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { testSpan, traceIdOf } from '../support/test-span.ts';
import { bodyOf } from '../support/traffic.ts';

const TOKEN = 'a-token-of-some-length-0123456789';
/** Its last 56 bits, the randomness, are 3fa01234567890. */
const HEALTHY = '0123456789abcdef123fa01234567890';

function whyOf(running: RunningCollector, trace: string, args: string[] = [], env = {}): Promise<Ended> {
  const id = traceIdOf(trace).toString('hex');
  return runCommand(['why', id, '--url', running.urls.page, ...args], env);
}

/** A sidecar that dropped a healthy trace, kept one that failed, and lets one wait. */
async function decided(yaml = ''): Promise<RunningCollector> {
  const running = await startCollector(yaml, { storePath: temporaryFolder() });
  await running.traces(
    bodyOf([
      testSpan({ trace: HEALTHY, durationMs: 230 }),
      testSpan({ trace: 'fails', error: true }),
      testSpan({ trace: 'waits', child: true, kind: 1 }),
    ]),
  );
  running.clock.advance(7000);
  return running;
}

/** Something else that listens there. */
async function stranger(status: number, body: string): Promise<string> {
  const server = createServer((_, response) => void response.writeHead(status).end(body)).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('evenkeel why', () => {
  it('tells what happened to a trace, and what would have kept it', async () => {
    const running = await decided();
    const dropped = await whyOf(running, HEALTHY);
    expect([dropped.code, dropped.stderr]).toEqual([0, '']);
    expect(dropped.stdout).toBe(`trace ${HEALTHY}: dropped

Dropped: no policy kept it; share kept the largest share: randomness 3fa0… is below threshold e666 (keeps 10 %). It was decided some time after its root span.

  decided     2027-01-15 08:00:06 UTC
  spans       1, none failed
  entry span  230 ms at most
  root span   230 ms
  threshold   e666 (keeps 10 %)
  randomness  3fa01234567890 from its id (kept by a share from 75.1 % up)
  found in    memory

policies
    errors     no say            none of its spans failed
    slow       no say            its longest entry span took 230 ms, not more than 1 s
  > share      not in its share  randomness 3fa0… is below threshold e666 (keeps 10 %)
    violation  no say            its operation was not in violation

Every decision since 2027-01-15 08:00:00 UTC is known.
`);
    const kept = await whyOf(running, 'fails');
    expect([kept.code, kept.stderr]).toEqual([0, '']);
    expect(kept.stdout).toContain(': kept\n\nKept by errors: it has an error span.');
    const pending = await whyOf(running, 'waits');
    expect(pending.code).toBe(0);
    expect(pending.stdout).toContain(': pending\n\nStill pending: 1 span so far, the first 7 s ago.\n');
    const unseen = await whyOf(running, 'other');
    expect([unseen.code, unseen.stderr]).toEqual([3, '']);
    expect(unseen.stdout).toContain(': not seen\n\nNot seen since 2027-01-15T08:00:00.000Z.\n');
  });

  it('answers as JSON', async () => {
    const running = await decided();
    const check = async (trace: string, code: number, state: string): Promise<void> => {
      const ended = await whyOf(running, trace, ['--json']);
      expect([ended.code, ended.stderr, ended.stdout.split('\n').length]).toEqual([code, '', 2]);
      expect(JSON.parse(ended.stdout) as DecisionAnswer).toMatchObject({
        traceId: traceIdOf(trace).toString('hex'),
        state,
        horizon: { sinceMs: 1_800_000_000_000 },
      });
    };
    await check(HEALTHY, 0, 'dropped');
    await check('waits', 0, 'pending');
    await check('other', 3, 'unseen');
  });

  it('shows a token where one is asked for, and never in what it prints', async () => {
    const running = await decided(`web: { auth: { tokens: [${TOKEN}] } }`);
    const without = await whyOf(running, HEALTHY);
    expect(without).toMatchObject({ code: 1, stdout: '' });
    expect(without.stderr).toMatch(
      /^evenkeel: the sidecar gives no answer to this: http:\S+ says 401, a token is needed\n {2}hint: .*EVENKEEL_TOKEN/,
    );
    expect((await whyOf(running, HEALTHY, [], { EVENKEEL_TOKEN: TOKEN })).stdout).toContain(': dropped\n');
    const wrong = await whyOf(running, HEALTHY, ['--json'], { EVENKEEL_TOKEN: 'hidden-word' });
    expect(wrong).toMatchObject({ code: 1, stdout: '' });
    const nowhere = await runCommand(['why', HEALTHY, '--url', 'http://127.0.0.1:1'], {
      EVENKEEL_TOKEN: 'hidden-word',
    });
    expect(nowhere).toMatchObject({ code: 1, stdout: '' });
    expect(nowhere.stderr).toMatch(/^evenkeel: the sidecar does not answer: http:\/\/127\.0\.0\.1:1\n {2}hint: /);
    const split = await runCommand(['why', HEALTHY, '--url', running.urls.page], { EVENKEEL_TOKEN: 'hidden\nword' });
    expect(split).toMatchObject({ code: 1, stdout: '' });
    for (const { stderr } of [wrong, nowhere, split]) expect(stderr).not.toContain('hidden');
  });

  it('is not fooled by something else that listens there', async () => {
    const check = async (status: number, body: string, message: string): Promise<void> => {
      const ended = await runCommand(['why', HEALTHY, '--url', await stranger(status, body)]);
      expect(ended).toMatchObject({ code: 1, stdout: '' });
      expect(ended.stderr).toContain(message);
    };
    await check(200, '<!doctype html>', 'says 200, this is no answer of a sidecar');
    await check(200, 'null', 'says 200, this is no answer of a sidecar');
    await check(404, '{"error":"nothing is served at this path"}', 'says 404, nothing is served at this path');
  });

  it('refuses wrong arguments', async () => {
    const check = async (args: string[], message: RegExp): Promise<void> => {
      const ended = await runCommand(['why', ...args]);
      expect([ended.code, ended.stdout]).toEqual([2, '']);
      expect(ended.stderr).toMatch(message);
    };
    await check([], /expected: evenkeel why TRACE-ID/);
    await check([HEALTHY, HEALTHY], /expected: evenkeel why TRACE-ID/);
    await check(['abc'], /a trace id has 32 hexadecimal digits/);
    await check([`${HEALTHY}0`], /a trace id has 32 hexadecimal digits/);
    await check([HEALTHY, '--ulr=x'], /--ulr/);
    for (const url of ['localhost:4320', 'ftp://x', 'no address', 'http://user:hidden-word@127.0.0.1:1'])
      await check([HEALTHY, '--url', url], /^(?![\s\S]*hidden-word)[\s\S]*--url wants an address/);
    expect((await runCommand(['why', '--help'])).stdout).toMatch(/Exit code 0: kept, dropped or pending.*3: not seen/);
  });
});
