// Why a trace was kept or dropped, asked of whole collectors: pending, in memory, on disk, after a restart.
import { readdirSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Ledger } from '../../../collector/src/sample/ledger.ts';
import { DecisionHistory } from '../../../collector/src/sample/ledger-history.ts';
import { policies as policiesSchema } from '../../../collector/src/sample/policy-config.ts';
import type { DecisionAnswer } from '../../../collector/src/web/api.ts';
import { ManualClock } from '../../support/clock.ts';
import { send } from '../../support/http.ts';
import { type RunningCollector, startCollector } from '../../support/running-collector.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { isInShare, type SpanShape, testSpan, traceIdOf } from '../../support/test-span.ts';
import { bodyOf } from '../../support/traffic.ts';
import { DROPPED } from '../../support/decision-record.ts';

const START_MS = 1_800_000_000_000;
const HALF = 'policies: [{ name: errors, type: status }, { name: half, type: probabilistic, ratio: 0.5 }]';
/** Both generations of the smallest ledger hold 512 decisions. */
const SMALL = `sample: { ${HALF}, max_decisions: 1024, after_root: 1s }`;

async function why(running: RunningCollector, trace: string): Promise<DecisionAnswer> {
  const answer = await send(`${running.urls.page}/api/traces/${traceIdOf(trace).toString('hex')}/decision`);
  expect(answer.status, answer.body.toString()).toBe(200);
  return JSON.parse(answer.body.toString()) as DecisionAnswer;
}

/** Sends traces `first..last-1` and lets them be decided. */
async function decide(running: RunningCollector, first: number, last: number, shape: SpanShape = {}): Promise<void> {
  const spans = Array.from({ length: last - first }, (_, i) => testSpan({ ...shape, trace: `${first + i}` }));
  expect((await running.traces(bodyOf(spans))).status).toBe(200);
  running.clock.advance(2000);
}

describe('why', () => {
  it('is answered for traces that wait, are kept, are dropped, and were never seen', async () => {
    const running = await startCollector(`sample: { ${HALF}, after_root: 1s }`);
    const { clock } = running;
    expect(await why(running, 'before')).toMatchObject({
      state: 'unseen',
      summary: `Not seen since ${new Date(START_MS).toISOString()}.`,
      horizon: { sinceMs: START_MS, earlier: [] },
    });
    clock.advance(500);
    await running.traces(
      bodyOf([testSpan({ trace: 'waits', child: true }), testSpan({ trace: 'waits', child: true })]),
    );
    clock.advance(4000);
    expect(await why(running, 'waits')).toMatchObject({
      state: 'pending',
      summary: 'Still pending: 2 spans so far, the first 4 s ago.',
      pending: { sinceMs: START_MS + 500, spanCount: 2 },
      policies: [],
    });
    await running.traces(
      bodyOf([
        testSpan({ trace: 'fails', error: true, durationMs: 80 }),
        testSpan({ trace: 'fails', child: true, kind: 1 }),
      ]),
    );
    clock.advance(2000);
    expect(await why(running, 'fails')).toMatchObject({
      state: 'kept',
      summary: 'Kept by errors: it has an error span. It was decided some time after its root span.',
      decision: {
        policy: 'errors',
        threshold: '0',
        ratio: 1,
        spanCount: 2,
        longestEntryMs: 80,
        rootMs: 80,
        hasError: true,
        foundIn: 'memory',
      },
      horizon: { sinceMs: START_MS, memoryMs: START_MS + 5000 },
    });
    await decide(running, 0, 100);
    for (let i = 0; i < 100; i++) {
      const { state, policies, decision } = await why(running, `${i}`);
      const isKept = isInShare(traceIdOf(`${i}`), 0.5);
      expect([state, policies[1]?.finding]).toEqual(isKept ? ['kept', 'keeps'] : ['dropped', 'below']);
      expect(decision).toMatchObject({ threshold: '8', ratio: 0.5, cause: 'root' });
      expect(
        traceIdOf(`${i}`)
          .toString('hex')
          .endsWith(decision?.randomness ?? 'none'),
      ).toBe(true);
    }
  });

  it('goes by the conditions that the sampler saw hold', async () => {
    const running = await startCollector(`
sample:
  after_root: 1s
  policies:
    - { name: quiet, type: drop, when: { type: operation, names: [GET /health] } }
    - { name: pay, type: service, names: [payments], if: { type: operation, names: [POST /pay] } }
    - { name: carts, type: operation, names: [GET /cart] }`);
    await decide(running, 0, 1, { name: 'GET /health', service: 'payments' });
    await decide(running, 1, 2, { name: 'POST /pay', service: 'payments' });
    await decide(running, 2, 3, { name: 'POST /pay', service: 'shop' });
    await decide(running, 3, 4, { name: 'GET /cart', service: 'payments' });
    const check = async (trace: number, state: string, findings: string[], summary: string): Promise<void> => {
      const answer = await why(running, `${trace}`);
      expect([answer.state, answer.policies.map(({ finding }) => finding)]).toEqual([state, findings]);
      expect(answer.summary).toContain(summary);
    };
    await check(0, 'dropped', ['drops', 'silent', 'silent'], 'Dropped by quiet: an entry span is named "GET /health".');
    await check(1, 'kept', ['silent', 'keeps', 'silent'], 'Kept by pay: a span is of service "payments".');
    await check(2, 'dropped', ['silent', 'silent', 'silent'], 'Dropped: no policy had a say.');
    await check(3, 'kept', ['silent', 'silent', 'keeps'], 'Kept by carts: an entry span is named "GET /cart".');
  });

  it('forgets the oldest without a store, and says since when it knows', async () => {
    const running = await startCollector(SMALL);
    for (let i = 0; i < 1100; i += 100) await decide(running, i, i + 100);
    expect((await why(running, '0')).state).toBe('unseen');
    expect((await why(running, '511')).state).toBe('unseen');
    const { state, horizon } = await why(running, '600');
    expect(state).not.toBe('unseen');
    // Trace 512 was decided with the sixth hundred, one second after it came.
    expect(horizon).toEqual({ sinceMs: START_MS + 11_000, memoryMs: START_MS + 11_000, earlier: [] });
  });

  it('is answered from disk for older traces, also after a restart with other policies', async () => {
    const storePath = temporaryFolder();
    const running = await startCollector(SMALL, { storePath });
    for (let i = 0; i < 2000; i += 100) await decide(running, i, i + 100);
    const check = async (of: RunningCollector, trace: number, foundIn: string): Promise<void> => {
      const { state, decision, policies, horizon } = await why(of, `${trace}`);
      expect(state, `trace ${trace}`).toBe(isInShare(traceIdOf(`${trace}`), 0.5) ? 'kept' : 'dropped');
      expect([decision?.foundIn, decision?.policy, policies.map(({ name }) => name)]).toEqual([
        foundIn,
        'half',
        ['errors', 'half'],
      ]);
      expect(horizon).toMatchObject({ sinceMs: START_MS + 1000, earlier: [] });
    };
    for (const trace of [0, 100, 511, 512, 1023]) await check(running, trace, 'disk');
    for (const trace of [1024, 1999]) await check(running, trace, 'memory');
    expect((await why(running, 'other')).state).toBe('unseen');
    const metrics = await running.metrics();
    expect(metrics).toContain('evenkeel_store_decisions 1024\n');
    expect(metrics).toContain('evenkeel_sample_decisions 976\n');
    // 976 records of 52 bytes, and an index of 1024 places for each of two generations.
    expect(running.books().memory.holders['decisions']).toBe(976 * 52 + 2 * 1024 * 4);
    await running.stop();

    const next = await startCollector('sample: { policies: [{ name: all, type: probabilistic, ratio: 1 }] }', {
      storePath,
    });
    for (let trace = 0; trace < 2000; trace += 37) await check(next, trace, 'disk');
    expect(await why(next, 'other')).toMatchObject({ state: 'unseen', horizon: { sinceMs: START_MS + 1000 } });
    await next.stop();
  });

  it('says what is missing after a torn file', async () => {
    const storePath = temporaryFolder();
    const running = await startCollector(SMALL, { storePath });
    for (let i = 0; i < 1300; i += 100) await decide(running, i, i + 100);
    await running.stop();
    const folder = join(storePath, 'decisions');
    const last = readdirSync(folder).sort().at(-1) ?? '';
    truncateSync(join(folder, last), 500);
    const next = await startCollector(SMALL, { storePath });
    expect(next.log.filter((line) => line.includes('STORE_DAMAGED'))).toEqual([
      expect.stringContaining('a file of old decisions was torn or damaged') as string,
    ]);
    expect((await why(next, '1000')).decision?.foundIn).toBe('disk');
    const torn = await why(next, '1250');
    expect(torn.state).toBe('unseen');
    // The clock of this one starts anew; what counts is that the lost stretch is in neither.
    expect(torn.horizon).toMatchObject({ sinceMs: START_MS, earlier: [{ fromMs: START_MS + 1000 }] });
    expect(torn.horizon.earlier[0]?.toMs).toBeLessThan(START_MS + 26_000);
    await next.stop();
  });

  it('falls back to the ring for a trace that was kept by a process that was killed', async () => {
    const clock = new ManualClock();
    const history = new DecisionHistory({ policies: policiesSchema.parse(undefined), waits: [] }, clock);
    const check = async (reason: string | undefined, state: string, summary: RegExp): Promise<void> => {
      history.ring = { keptBy: async () => reason };
      const answer = await history.why('ab'.repeat(16), undefined);
      expect([answer.state, answer.decision, answer.policies]).toEqual([state, undefined, []]);
      expect(answer.summary).toMatch(summary);
    };
    await check('errors', 'kept', /^Kept by errors: its spans are in the ring\. The decision itself was lost/);
    await check('pin', 'kept', /^Kept because somebody asked to keep it: /);
    await check('link', 'kept', /^Kept because a kept trace links to it: /);
    await check(undefined, 'unseen', /^Not seen since/);
  });

  it('is wired to the ring of an earlier run', async () => {
    const storePath = temporaryFolder();
    const running = await startCollector(SMALL, { storePath });
    await running.traces(bodyOf([testSpan({ trace: 'fails', error: true })]));
    running.clock.advance(5000);
    await running.stop();
    // As a kill leaves it: the ring was written, the decisions in memory were not.
    rmSync(join(storePath, 'decisions'), { recursive: true });
    const next = await startCollector(SMALL, { storePath });
    expect(await why(next, 'fails')).toMatchObject({
      state: 'kept',
      summary: expect.stringContaining('Kept by errors'),
    });
    expect(await why(next, 'other')).toMatchObject({ state: 'unseen' });
    await next.stop();
  });

  it('answers from memory while the disk does not, and claims nothing of traces that memory does not know', async () => {
    const clock = new ManualClock();
    const history = new DecisionHistory({ policies: policiesSchema.parse(undefined), waits: [] }, clock);
    history.archive = {
      keepDecisions: () => {},
      findDecision: () => Promise.reject(new Error('the store is busy')),
      decisionCoverage: () => ({ spans: [{ fromSeconds: 1000, toSeconds: 2000 }], isCurrent: true }),
    };
    const ledger = new Ledger(1024, 1);
    ledger.add(0, 0, 0, 7, DROPPED);
    const traces = { ledger, waiting: () => undefined };
    const known = await history.why(`${'0'.repeat(31)}7`, traces);
    expect(known).toMatchObject({ state: 'dropped', horizon: { sinceMs: 1_000_000, earlier: [] } });
    await expect(history.why(`${'0'.repeat(31)}8`, traces)).rejects.toThrow('the store is busy');
  });
});
