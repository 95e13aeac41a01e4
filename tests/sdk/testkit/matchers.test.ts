// expect(op).toStayWithinBaseline, both ways, with baselines as the sidecar writes them.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { writeBaselines } from '../../../collector/src/baseline/document.ts';
import { RecordedRun } from '../../../collector/src/baseline/recorded-run.ts';
import { type BaselineMatchers, baselineMatchers, type BaselineOptions } from '../../../sdk/src/testkit/matchers.ts';
import { createTestTelemetry } from '../../../sdk/src/testkit/entry.ts';
import { pick, seeded } from '../../support/random.ts';
import { recordedRun } from '../../support/recorded-runs.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

declare module 'vitest' {
  // oxlint-disable-next-line no-unused-vars -- named as there
  interface Matchers<R extends void | Promise<void>, T> extends BaselineMatchers {}
}

expect.extend(baselineMatchers);

/** A run as the sidecar saw it: two services with operations of the same names. */
let path = '';
const OPTIONS: BaselineOptions = {
  get baselines() {
    return path;
  },
  service: 'shop',
};
const run = new RecordedRun();
for (const call of recordedRun({ seed: 3 }))
  for (const service of ['shop', 'twin']) run.take({ ...call, service, kind: 'server' });
for (const call of recordedRun({ seed: 3, seconds: 60 }))
  if (call.operation === 'render') run.take({ ...call, operation: 'render page' });
const document = writeBaselines({ created: '2026-11-30T00:00:00.000Z', operations: run.end('baseline') });

beforeEach(() => {
  path = join(temporaryFolder(), 'baselines.json');
  writeFileSync(path, document);
});

/** Durations of an operation in a later run. */
function later(operation: string, scale: number, seed = 8): number[] {
  const calls = recordedRun({ seed, altered: { [operation]: { scale } } });
  return calls.flatMap((call) => (call.operation === operation ? [call.durationMs ?? 0] : [])).slice(0, 200);
}

/** Time that passes only where an operation spends it. */
function spending(durations: () => number): {
  call: () => Promise<void>;
  clock: NonNullable<BaselineOptions['clock']>;
  log: { calls: number; pausedMs: number };
} {
  const log = { calls: 0, pausedMs: 0 };
  let nowMs = 0;
  return {
    call: async () => {
      log.calls++;
      nowMs += durations();
    },
    clock: { monotonicMs: () => nowMs, pause: async (ms) => void (log.pausedMs += ms) },
    log,
  };
}

const failure = async (assertion: Promise<void>): Promise<string> =>
  assertion.then(
    () => 'it passed',
    (error: Error) => error.message,
  );

describe('toStayWithinBaseline', () => {
  it('takes durations', async () => {
    for (const seed of [8, 9, 10])
      for (const operation of ['GET /cart', 'POST /orders', 'render'])
        await expect(later(operation, 1, seed)).toStayWithinBaseline({ ...OPTIONS, name: operation });
    await expect(later('GET /cart', 2.5)).not.toStayWithinBaseline({ ...OPTIONS, name: 'GET /cart' });
    await expect(later('GET /cart', 0.3)).toStayWithinBaseline({ ...OPTIONS, name: 'GET /cart' });
  });

  it('says what was found', async () => {
    const message = await failure(
      expect(later('GET /cart', 2.5)).toStayWithinBaseline({ ...OPTIONS, name: 'GET /cart' }),
    );
    expect(message.split('\n')).toEqual([
      'GET /cart is slower than its baseline allows: 1.5 times as long',
      expect.stringMatching(/^ {2}a typical call takes 2\.\d+ times as long \(95 % interval 2\.?\d* to \d\.?\d*\)$/),
      expect.stringMatching(/^ {2}p50 {2}[\d.]+ ms → [\d.]+ ms$/),
      expect.stringMatching(/^ {2}p95 {2}/),
      expect.stringMatching(/^ {2}p99 {2}/),
      expect.stringMatching(/^ {2}200 calls against \d+ of the baseline; chance of a false alarm 0.01 at most$/),
    ]);
    const passed = await failure(
      expect(later('GET /cart', 1)).not.toStayWithinBaseline({ ...OPTIONS, name: 'GET /cart' }),
    );
    expect(passed).toMatch(/^GET \/cart stays within its baseline allows: |^GET \/cart stays within/);
  });

  it('calls a function until a round is not disturbed', async () => {
    const durations = later('GET /cart', 1);
    const random = seeded(6);
    const calm = spending(() => durations[pick(random, durations.length)] ?? 0);
    await expect(calm.call).toStayWithinBaseline({
      ...OPTIONS,
      name: 'GET /cart',
      clock: calm.clock,
      warmup: 10,
      calls: 100,
    });
    expect(calm.log).toEqual({ calls: 110, pausedMs: 0 });

    // Something else has the machine for its first 200 calls.
    const disturbed = spending(
      () => (disturbed.log.calls <= 200 ? 5 : 1) * (durations[pick(random, durations.length)] ?? 0),
    );
    await expect(disturbed.call).toStayWithinBaseline({
      ...OPTIONS,
      name: 'GET /cart',
      clock: disturbed.clock,
      warmup: 10,
      calls: 100,
    });
    expect(disturbed.log.calls).toBe(310);
    expect(disturbed.log.pausedMs).toBe(300);

    const slower = spending(() => 4 * (durations[pick(random, durations.length)] ?? 0));
    const message = await failure(
      expect(slower.call).toStayWithinBaseline({
        ...OPTIONS,
        name: 'GET /cart',
        clock: slower.clock,
        calls: 50,
        warmup: 0,
      }),
    );
    expect(message).toMatch(/^GET \/cart is slower than its baseline allows: 1.5 times as long, in each of 3 rounds\n/);
    expect(slower.log.calls).toBe(150);
  });

  it('takes no longer for what is slow', async () => {
    const baselines = { version: 1, operations: [{ op: 'slow', counts: [150, 500] }] };
    const slow = spending(() => 100);
    await expect(slow.call).toStayWithinBaseline({ baselines, name: 'slow', clock: slow.clock });
    // Two seconds for twenty calls, after three that warm up: as few as can be judged.
    expect(slow.log.calls).toBe(23);
    const fast = spending(() => 0.1);
    await expect(fast.call).toStayWithinBaseline({ baselines, name: 'slow', clock: fast.clock });
    expect(fast.log.calls).toBe(300);
  });

  it('measures real time, of sync and async functions', async () => {
    const fast = { baselines: { version: 1, operations: [{ op: 'work', counts: [180, 500] }] } };
    let sum = 0;
    const work = (): number => (sum += Math.sqrt(sum + 1));
    await expect(work).toStayWithinBaseline(fast);
    await expect(async () => work()).toStayWithinBaseline({ ...fast, name: 'work' });
    const instant = {
      baselines: { version: 1, operations: [{ op: 'work', counts: [0, 500] }] },
      name: 'work',
      calls: 20,
    };
    const busy = (): void => {
      const untilMs = performance.now() + 0.2;
      while (performance.now() < untilMs) sum++;
    };
    await expect(busy).not.toStayWithinBaseline({ ...instant, rounds: 1 });
  });

  it('takes the name of recorded spans', async () => {
    const telemetry = createTestTelemetry();
    onTestFinished(() => telemetry.shutdown());
    for (const [name, scale] of [
      ['render', 1],
      ['GET /cart', 3],
    ] as const)
      for (const durationMs of later(name, scale))
        telemetry.tracer.startSpan(name, { startTime: 1e12 }).end(1e12 + durationMs);
    await expect('render').toStayWithinBaseline({ ...OPTIONS, telemetry });
    await expect('GET /cart').not.toStayWithinBaseline({ ...OPTIONS, telemetry });
    await telemetry.reset();
    expect(await failure(expect('render').toStayWithinBaseline({ ...OPTIONS, telemetry }))).toBe(
      '0 calls of render were recorded; at least 20 are needed',
    );
    expect(await failure(expect('render').toStayWithinBaseline(OPTIONS))).toMatch(/^a name needs telemetry/);
  });

  it('fails where there is nothing to judge, negated or not', async () => {
    const check = async (received: unknown, options: BaselineOptions, expected: RegExp): Promise<void> => {
      expect(await failure(expect(received).toStayWithinBaseline(options))).toMatch(expected);
      expect(await failure(expect(received).not.toStayWithinBaseline(options))).toMatch(expected);
    };
    const some = later('GET /cart', 1);
    const name = 'GET /cart';
    await check(some, OPTIONS, /^say which operation/);
    await check(
      some,
      { ...OPTIONS, name: 'GET /none' },
      /^no operation GET \/none in the baselines; they have .*shop GET \/cart server/,
    );
    await check(
      some,
      { baselines: path, name },
      /^2 operations GET \/cart in the baselines; say service or kind: shop GET \/cart server, twin GET \/cart server/,
    );
    await check(
      some,
      { baselines: '/nowhere.json', name },
      /^\/nowhere.json cannot be read; evenkeel baseline export writes it/,
    );
    await check(some, { baselines: import.meta.filename, name }, / is not JSON$/);
    await check(some, { baselines: {}, name }, /version is undefined/);
    await check(some, { baselines: { version: 1 }, name }, /operations are missing/);
    for (const counts of [
      [300, 5],
      [1, -5],
      ['x', 5],
      [0.5, 5],
    ])
      await check(
        some,
        { baselines: { version: 1, operations: [{ op: name, counts }] }, name },
        /counts that are none/,
      );
    await check(
      some,
      { baselines: { version: 1, operations: [{ op: name, counts: [3, 19] }] }, name },
      /has only 19 calls/,
    );
    await check(some, { baselines: { version: 1, operations: [{ op: name }] }, name }, /has no calls/);
    await check(some.slice(0, 19), { ...OPTIONS, name }, /^19 calls of GET \/cart were recorded/);
    await check([...some, NaN], { ...OPTIONS, name }, /durations that are none/);
    await check(some, { ...OPTIONS, name, tolerance: -1 }, /tolerance is 0 or above: -1/);
    await check(some, { ...OPTIONS, name, falseAlarms: 0 }, /falseAlarms is/);
    await check(some, { ...OPTIONS, name, quantile: 0.5 }, /quantile is 0.9 to 0.99/);
    await check(5, { ...OPTIONS, name }, /takes a function, durations, or the name/);
    await check(() => { throw new RangeError('of the program'); }, { ...OPTIONS, name }, /^of the program$/); // prettier-ignore
  });
});
